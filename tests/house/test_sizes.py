"""Modules and functions are short, so that each can be read in one go."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from statistics import median
from typing import Final

import pytest

pytestmark = pytest.mark.standalone

ROOT: Final = Path(__file__).parents[2]
MODULE_LINES: Final = 300
MEDIAN_LINES: Final = 80
FUNCTION_LINES: Final = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*patterns: str) -> dict[str, str]:
    """Return the source of each file of these kinds in the repository, except tests and migrations."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in listed.stdout.splitlines() if not {"tests", "migrations"} & {*Path(name).parts}]
    return {name: (ROOT / name).read_text() for name in names if (ROOT / name).is_file()}


def long_functions(name: str, source: str) -> list[str]:
    """Return the functions of a module that are too long, including their decorators and docstrings."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            length = (node.end_lineno or node.lineno) - first + 1
            if length > FUNCTION_LINES:
                found.append(f"{name}:{first} {node.name} has {length} lines")
    return found


@pytest.mark.parametrize(("patterns", "at_least"), [(("*.py",), 100), (("*.js", "*.css", "*.d.ts"), 80)])
def test_modules_are_short(patterns: tuple[str, ...], at_least: int) -> None:
    lengths = {name: len(source.splitlines()) for name, source in modules(*patterns).items()}
    assert len(lengths) > at_least
    assert {name: length for name, length in lengths.items() if length > MODULE_LINES} == {}
    assert median(length for length in lengths.values() if length > 1) <= MEDIAN_LINES


def test_functions_are_short() -> None:
    assert [line for name, source in modules("*.py").items() for line in long_functions(name, source)] == []


@pytest.mark.parametrize(("lines", "is_long"), [(FUNCTION_LINES, False), (FUNCTION_LINES + 1, True)])
def test_a_long_function_is_found(lines: int, is_long: bool) -> None:
    body = "\n".join(["    pass"] * (lines - 1))
    assert bool(long_functions("module.py", f"def function():\n{body}\n")) == is_long
