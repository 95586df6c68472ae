"""Which origins may be listed, and their form in the header."""

from __future__ import annotations

import pytest

from chatsite.errors import DomainError
from chatsite.widget.origins import clean_origin, clean_origins


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
    ],
)
def test_invalid_origins(given: str) -> None:
    with pytest.raises(DomainError) as refusal:
        clean_origin(given)
    assert refusal.value.code == "invalid"


def test_each_once() -> None:
    assert clean_origins(["https://a.example", "https://A.example/"]) == ["https://a.example"]


@pytest.mark.parametrize(
    ("raw", "origin"),
    [
        ("https://faß.de", "https://xn--fa-hia.de"),
        ("https://*.BÜCHER.example", "https://*.xn--bcher-kva.example"),
        ("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://*.example.co.uk", "https://*.example.co.uk"),
    ],
)
def test_origins_as_browsers_spell_them(raw: str, origin: str) -> None:
    assert clean_origin(raw) == origin


@pytest.mark.parametrize(
    "raw",
    [
        "https://*.co.uk",
        "https://*.com",
        "https://*.github.io",
        "https://[fe80::1%25x;y]",
        "http://[2001:db8::1]",
    ],
)
def test_origins_of_many_owners_and_odd_addresses(raw: str) -> None:
    with pytest.raises(DomainError):
        clean_origin(raw)
