"""The countries and their parts whose public holidays are known, with their names in the reader's language."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language

from conversations.team.hours.schedule import known_subdivisions, subdivision_names

Choices = list[tuple[str, str]]  # the code, and the name

ENGLISH: Final = "en"


def country_choices() -> Choices:
    return _countries_in(get_language() or ENGLISH)


@lru_cache(maxsize=16)
def _countries_in(language: str) -> Choices:
    try:
        names = Locale.parse(language, sep="-").territories
    except (UnknownLocaleError, ValueError):
        names = Locale.parse(ENGLISH).territories
    return _by_name((code, names.get(code, code)) for code in known_subdivisions())


@lru_cache(maxsize=64)
def subdivision_choices(country: str) -> Choices:
    """Return the parts of the country, by their own names. Empty for a country without any."""
    codes = known_subdivisions().get(country, [])
    names = subdivision_names(country) if codes else {}
    return _by_name((code, names.get(code, code)) for code in codes)


def _by_name(choices: Iterable[tuple[str, str]]) -> Choices:
    return sorted(choices, key=lambda choice: _plain(choice[1]))


def _plain(name: str) -> str:
    """Return the name without accents, so that "Österreich" is among those with O."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
