"""The OpenAPI document follows the rules that Redocly recommends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.client_js.node import find_node, install_packages, node_environment
from tests.harness.patience import patience

pytestmark = pytest.mark.standalone

HERE = Path(__file__).parent


def problems(folder: Path, document: dict[str, Any]) -> list[str]:
    node = find_node()
    install_packages(HERE)
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    done = subprocess.run(
        [node, str(HERE / "lint.mjs"), str(file)],
        env=node_environment(),
        capture_output=True,
        text=True,
        timeout=patience(60),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_it_follows_the_recommended_rules(tmp_path: Path) -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    assert problems(tmp_path, document) == []
    del document["paths"]["/auth/token"]["post"]["operationId"]
    [found] = problems(tmp_path, document)
    assert "operation-operationId" in found
