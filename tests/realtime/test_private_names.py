"""Nothing outside `realtime/servers/` reads a private name of another package, and all imported packages are
declared.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import pytest

from tests.harness.processes import ROOT

pytestmark = pytest.mark.standalone

PRODUCT: Final = ("chatsite", "conversations", "notifications", "presence", "clients/python/src")
CODE: Final = (*PRODUCT, "bench", "docs", "tests")
OWN: Final = {*PRODUCT[:4], "business_chat_client", "bench", "tests"}
SERVERS: Final = ROOT / "chatsite/realtime/servers"
# Django and the standard library document these names.
DOCUMENTED: Final = {"_asdict", "_base_manager", "_default_manager", "_exit", "_meta", "_replace", "_state"}
PRIVATE: Final = re.compile(r"_[a-z]\w*|_[A-Z]\w*")


def files(folders: tuple[str, ...] = CODE) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def own_names(tree: ast.AST) -> Iterator[str]:
    """Return the names that this code gives to its functions, classes, attributes and variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def foreign_private_names(tree: ast.AST, own: set[str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] not in OWN:
                names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
            given = node.args[1]
            if node.func.id in {"getattr", "setattr"} and isinstance(given, ast.Constant):
                names = [str(given.value)]
        for name in names:
            if PRIVATE.fullmatch(name) and name not in own | DOCUMENTED:
                yield getattr(node, "lineno", 0), name


def test_private_names_of_packages_are_read_only_in_servers() -> None:
    trees = {path: ast.parse(path.read_text()) for path in files()}
    own = {name for tree in trees.values() for name in own_names(tree)}
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path, tree in trees.items()
        if SERVERS not in path.parents
        for line, name in foreign_private_names(tree, own)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code", ["thing._private", "from package import _private", "getattr(thing, '_private', None)"]
)
def test_the_check_sees_each_way(code: str) -> None:
    assert list(foreign_private_names(ast.parse(code), set())) == [(1, "_private")]
    assert not list(foreign_private_names(ast.parse(code.replace("_private", "public")), set()))


def test_every_imported_distribution_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["s3"], *extras["build"]]
    declared = {_normal(re.split(r"[\[<>=;! ]", line, maxsplit=1)[0]) for line in lines}
    distributions = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in files(PRODUCT[:4])
        for module in _imported(ast.parse(path.read_text()))
        if module not in OWN | sys.stdlib_module_names
        and not declared & {_normal(name) for name in distributions.get(module, [])}
    }
    assert not missing, "\n".join(sorted(missing))


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
