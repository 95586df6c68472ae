"""Tests without a server: the unit tests of the client's modules, its types, and the content of the package."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.client_js.node import HERE, node_environment, run_node
from tests.harness.patience import patience

pytestmark = pytest.mark.standalone

CLIENT = HERE.parents[1] / "clients" / "javascript"


@pytest.mark.usefixtures("packages")
def test_modules() -> None:
    tests = sorted(str(path.relative_to(HERE)) for path in (HERE / "unit").glob("*.test.js"))
    output = run_node("--test", *tests)
    assert "# fail 0" in output or "ℹ fail 0" in output
    assert "# pass 0" not in output


@pytest.mark.usefixtures("packages")
def test_types() -> None:
    run_node("node_modules/typescript/bin/tsc", "--noEmit", "-p", "types")


@pytest.mark.usefixtures("packages")
def test_package_holds_what_it_exports() -> None:
    pack = ["npm", "pack", "--dry-run", "--json", str(CLIENT)]
    done = subprocess.run(
        pack, cwd=HERE, env=node_environment(), capture_output=True, text=True, timeout=patience(60)
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    packed = answer[0] if isinstance(answer, list) else next(iter(answer.values()))
    files = {entry["path"] for entry in packed["files"]}
    manifest = json.loads((CLIENT / "package.json").read_text())
    wanted = {
        target.removeprefix("./")
        for entry in manifest["exports"].values()
        for target in (entry.values() if isinstance(entry, dict) else [entry])
    }
    assert wanted | {"README.md", "LICENSE"} <= files
    assert {f"src/{path.name}" for path in (CLIENT / "src").iterdir()} <= files
    assert not manifest.get("dependencies")
