"""The modules of the JavaScript client import only each other, except `react.js`, which imports React."""

from __future__ import annotations

import re

import pytest

from tests.harness.processes import ROOT

pytestmark = pytest.mark.standalone

SOURCES = ROOT / "clients" / "javascript" / "src"
IMPORTED = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']""")


def imports_of(text: str) -> set[str]:
    return set(IMPORTED.findall(text))


def test_every_way_to_import_is_found() -> None:
    text = """import a from "./a.js"; export { b } from './b.js'; import "./c.js"; await import("./d.js");"""
    assert imports_of(text) == {"./a.js", "./b.js", "./c.js", "./d.js"}


def test_modules_import_only_each_other() -> None:
    own = {f"./{path.name.replace('.d.ts', '.js')}" for path in SOURCES.iterdir()}
    foreign = {path.name: imports_of(path.read_text()) - own for path in SOURCES.iterdir()}
    assert {name: found for name, found in foreign.items() if found} == {
        "react.js": {"react"},
        "react.d.ts": {"react"},
    }


def test_no_module_is_left_over() -> None:
    used = {target for path in SOURCES.glob("*.js") for target in imports_of(path.read_text())}
    left = {path.name for path in SOURCES.glob("*.js") if f"./{path.name}" not in used}
    assert left == {"react.js"}  # its own entry of the package; chat-client.js is imported by it
