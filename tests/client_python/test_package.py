"""The client is a separate package that works in a program without Django."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.harness.patience import patience

pytestmark = pytest.mark.standalone

PROJECT = Path(__file__).resolve().parents[2] / "clients" / "python"
SOURCES = PROJECT / "src"
NAME = "business_chat_client"


def imported_names() -> set[str]:
    names: set[str] = set()
    for module in (SOURCES / NAME).rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    return names


def test_it_imports_only_declared_packages() -> None:
    declared = {
        line.split(">")[0]
        for line in tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    }
    assert imported_names() - set(sys.stdlib_module_names) - {NAME} == declared


def test_it_can_be_imported_without_django() -> None:
    code = f"import sys; sys.modules['django'] = None; import {NAME}"
    environment = {"PYTHONPATH": str(SOURCES)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=patience(60))
