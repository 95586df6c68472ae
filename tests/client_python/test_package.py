"""The client is a package of its own: it can be taken into a program that has no Django."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.patience import patience

pytestmark = pytest.mark.standalone

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "chatsite" / "client"
MAY_IMPORT = {"httpx", "msgspec", "websockets", "chatsite"} | set(sys.stdlib_module_names)


def test_it_imports_nothing_of_the_server() -> None:
    for module in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in MAY_IMPORT, f"{module.name} imports {name}"
                assert not name.startswith("chatsite") or name.startswith("business_chat_client"), module.name


def test_it_can_be_imported_without_django() -> None:
    code = "import sys; sys.modules['django'] = None; import business_chat_client"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=patience(60))
