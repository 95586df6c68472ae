"""Which texts a query finds, and which parts of them it highlights. Both databases must agree with one table."""

from __future__ import annotations

import unicodedata

import pytest

from conversations.search.query_terms import highlights, matches, parse_terms
from conversations.search.tokens import MOST_CHARACTERS, searchable, tokenize
from tests.search.table import FINDS, MISSES

pytestmark = pytest.mark.standalone


@pytest.mark.parametrize(("query", "text"), FINDS)
def test_it_finds(query: str, text: str) -> None:
    assert matches(text, parse_terms(query))


@pytest.mark.parametrize(("query", "text"), MISSES)
def test_it_does_not_find(query: str, text: str) -> None:
    assert not matches(text, parse_terms(query))


@pytest.mark.parametrize(("query", "text"), FINDS)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_unicode_forms_meet(query: str, text: str, form: str) -> None:
    assert matches(unicodedata.normalize(form, text), parse_terms(query))  # type: ignore[arg-type]
    assert matches(text, parse_terms(unicodedata.normalize(form, query)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "text", "parts"),
    [
        ("order", "Your order, my Order", ["order", "Order"]),
        ("ord", "Your order", ["ord"]),
        ("cafe", "Le Café!", ["Café"]),
        ("cafe", "Le Cafe\u0301!", ["Cafe\u0301"]),
        ('"new york"', "in New York now", ["New York"]),
        ("1024", "Order A-1024.", ["1024"]),
        ("東京", "私は東京都に住む", ["東京"]),
        ("strasse", "Hauptstraße Straße", ["Straße"]),
        ("🎉", "Yes 🎉!", ["🎉"]),
        ("a-1024", "See A-1024 and A 1024", ["A-1024", "A 1024"]),
    ],
)
def test_highlights_are_the_parts_that_match(query: str, text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in highlights(text, parse_terms(query))] == parts


def test_tokens_are_letters_and_digits() -> None:
    text = "".join(FIND[1] for FIND in FINDS)
    for token in tokenize(text):
        assert token.text
        assert all(unicodedata.category(character)[0] in "LNM" for character in token.text), token
        assert len(token.text) <= MOST_CHARACTERS


def test_a_text_without_tokens_is_a_space() -> None:
    assert searchable("?! …") == " "
    assert searchable("") == " "
    assert searchable("Hello, World") == " hello world "


@pytest.mark.parametrize("query", ["", "   ", '"', '""', "?!", "%", "'", "\\", "*", "-"])
def test_a_query_without_letters_has_no_terms(query: str) -> None:
    assert parse_terms(query) == []
