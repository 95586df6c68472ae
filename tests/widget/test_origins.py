"""Which origins may be listed, and how they stand in the header."""

from __future__ import annotations

import pytest

from chatsite.errors import DomainError
from chatsite.widget.origins import clean_origin, clean_origins, frame_ancestors


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://*.shop.example", "https://*.shop.example"),
        ("https://*.shop.example:8443", "https://*.shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_origins(given: str, kept: str) -> None:
    assert clean_origin(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "*",
        "shop.example",
        "//shop.example",
        "http://shop.example",
        "https://*",
        "https://*.example",
        "https://*.0.0.1",
        "https://a.*.example",
        "https://*shop.example",
        "https://shop.example/path",
        "https://shop.example?x",
        "https://user@shop.example",
        "https://shop.example:99999",
        "https://shop.example; script-src *",
        "https://shop.example 'unsafe-inline'",
        "https://shop.example\r\nX-Evil: 1",
        "https://shop_.example",
        "https://-shop.example",
        "https://" + "a" * 300 + ".example",
        "javascript:alert(1)",
        "data:text/html,x",
        "null",
        "file:///etc",
        "https://[::1]",
    ],
)
def test_what_is_no_origin(given: str) -> None:
    with pytest.raises(DomainError) as refusal:
        clean_origin(given)
    assert refusal.value.code == "invalid"


def test_each_once() -> None:
    assert clean_origins(["https://a.example", "https://A.example/"]) == ["https://a.example"]


def test_nobody_frames_a_widget_without_origins() -> None:
    assert frame_ancestors([]) == "'none'"
