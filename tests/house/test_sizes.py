"""Files and functions are short, so that each can be read in one go. Tests and scripts are no exception."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import pytest

pytestmark = pytest.mark.standalone

ROOT: Final = Path(__file__).parents[2]
FILE_LINES: Final = 300
MEDIAN_LINES: Final = 76
FUNCTION_LINES: Final = 40

SCRIPTS: Final = ("*.js", "*.mjs", "*.ts", "*.tsx")
PAGES: Final = ("*.css", "*.html")
# The component of the Node original, word for word.
NOT_OURS: Final = "tests/client_js/seed/"

Function = ast.FunctionDef | ast.AsyncFunctionDef
# A function, a method or a callback whose body is a block. The formatter puts the closing brace below the first letter.
# The function around a whole classic script is a module, not a function.
SCRIPT_FUNCTION: Final = re.compile(
    r"^(?P<indent> *)(?!if |for |while |switch |\} |\(\(\) =>)"
    r"(?P<head>.*\bfunction\b.*|.+=>|\)|(?:\w+ )*[#*]?\w+\(.*\)) \{$"
)


def files(*patterns: str) -> dict[str, str]:
    """Return the source of each file of these kinds in the repository, except migrations."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in listed.stdout.splitlines() if "migrations" not in Path(name).parts]
    return {
        name: (ROOT / name).read_text()
        for name in names
        if (ROOT / name).is_file() and not name.startswith(NOT_OURS)
    }


def python_functions(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield the first line, the length and the name of each function, including its decorators and docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first, (node.end_lineno or node.lineno) - first + 1, node.name


def script_functions(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield the same for JavaScript and TypeScript."""
    lines = source.splitlines()
    for first, line in enumerate(lines):
        if found := SCRIPT_FUNCTION.match(line):
            end = re.compile(rf"{found['indent']}\}}")
            last = next(number for number in range(first + 1, len(lines)) if end.match(lines[number]))
            yield first + 1, last - first + 1, found["head"]


def long_functions(name: str, source: str) -> list[str]:
    functions = python_functions if name.endswith(".py") else script_functions
    return [
        f"{name}:{first} {function} has {length} lines"
        for first, length, function in functions(source)
        if length > FUNCTION_LINES
    ]


@pytest.mark.parametrize(("patterns", "at_least"), [(("*.py",), 1000), (SCRIPTS, 200), (PAGES, 80)])
def test_files_are_short(patterns: tuple[str, ...], at_least: int) -> None:
    lengths = {name: len(source.splitlines()) for name, source in files(*patterns).items()}
    assert len(lengths) > at_least
    assert {name: length for name, length in lengths.items() if length > FILE_LINES} == {}


def test_half_of_the_modules_are_very_short() -> None:
    product = [source for name, source in files("*.py").items() if not name.startswith("tests/")]
    assert median(length for source in product if (length := len(source.splitlines())) > 1) <= MEDIAN_LINES


@pytest.mark.parametrize("patterns", [("*.py",), SCRIPTS])
def test_functions_are_short(patterns: tuple[str, ...]) -> None:
    assert [line for name, source in files(*patterns).items() for line in long_functions(name, source)] == []


@pytest.mark.parametrize(("lines", "is_long"), [(FUNCTION_LINES, False), (FUNCTION_LINES + 1, True)])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("module.py", "def function():\n{body}"),
        ("page.js", "function name() {{\n{body}\n}}"),
        ("page.js", "export async function name(one, {{ two }}) {{\n{body}\n}}"),
        ("page.js", "class Page {{\n  #name(one) {{\n{body}\n  }}\n}}"),
        ("page.js", "class Page {{\n  static async name(one) {{\n{body}\n  }}\n}}"),
        ("page.js", 'test("a name", async () => {{\n{body}\n}});'),
        ("page.js", "const name = (one) => {{\n{body}\n}};"),
    ],
)
def test_a_long_function_is_found(name: str, form: str, lines: int, is_long: bool) -> None:
    other = 1 if name.endswith(".py") else 2
    body = "\n".join(["    pass"] * (lines - other))
    assert bool(long_functions(name, form.format(body=body))) == is_long
