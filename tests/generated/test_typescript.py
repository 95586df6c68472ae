"""The client that openapi-typescript generates from the OpenAPI document passes strict type checks, and runs."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.client_js.node import find_node, install_packages, node_environment
from tests.harness.cast import PASSWORD, Cast
from tests.harness.patience import patience

pytestmark = pytest.mark.fleet

HERE = Path(__file__).parent


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=node_environment(), capture_output=True, text=True, timeout=patience(120)
    )
    assert done.returncode == 0, f"{command[:2]}: {done.stdout[-6000:]}{done.stderr[-2000:]}"
    return done.stdout


def build(folder: Path, document: str) -> None:
    install_packages(HERE)
    for name in ("program.ts", "tsconfig.json", "package.json"):
        shutil.copy(HERE / name, folder)
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    (folder / "openapi.json").write_text(document)
    binaries = folder / "node_modules" / ".bin"
    run(folder, str(binaries / "openapi-typescript"), "openapi.json", "--output", "api.d.ts")
    run(folder, str(binaries / "tsc"))


async def test_login_list_and_send(embedded_cast: Cast, tmp_path: Path) -> None:
    node, carol = find_node(), embedded_cast.carol
    await embedded_cast.conversation(carol)
    document = json.dumps(await carol.rest.get("/api/schema?format=json"))
    await asyncio.to_thread(build, tmp_path, document)
    url = embedded_cast.stage.deployment.server(0).url
    told = await asyncio.to_thread(run, tmp_path, node, "built/program.js", url, "carol", PASSWORD)
    answer = json.loads(told)
    assert (answer["content"], answer["code"]) == ("from a generated client", "not_found")
    assert answer["seq"] > 0
