"""No circle of modules in scripts and tests. The contracts of import-linter in `pyproject.toml` cover the product."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.test_sizes import files

pytestmark = pytest.mark.standalone

SCRIPT_IMPORT = re.compile(
    r"""^(?:import|export)\b[^"';]*["'](\.[^"']+)["']|\bimport\(["'](\.[^"']+)["']\)""", re.MULTILINE
)

Graph = Mapping[str, set[str]]


def circle_in(graph: Graph) -> list[str]:
    """Return the modules of a circle, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def imports_of_scripts() -> Graph:
    """Return what each script imports. Type declarations may refer to each other, so they are left out."""
    sources = files("*.js")
    return {
        name: {
            posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            for found in SCRIPT_IMPORT.findall(source)
            for target in found
            if target
        }
        for name, source in sources.items()
    }


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of_tests() -> Graph:
    """Return what each module of the tests imports of the others."""
    sources = files("tests/*.py")
    names = {name.removesuffix(".py").replace("/", "."): name for name in sources}
    return {name: set(imported(ast.parse(sources[file]))) & names.keys() for name, file in names.items()}


@pytest.mark.parametrize(("imports", "at_least"), [(imports_of_scripts, 300), (imports_of_tests, 800)])
def test_no_modules_import_each_other(imports: Callable[[], Graph], at_least: int) -> None:
    graph = imports()
    assert sum(map(len, graph.values())) > at_least
    assert circle_in(graph) == []


def test_a_circle_is_found() -> None:
    assert sorted(set(circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}))) == ["a", "b", "c"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
