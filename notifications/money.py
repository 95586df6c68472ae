"""Amounts of money as `thread/money.js` writes them, for notifications, system messages and pages of the server."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from typing import Final

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency

TEXTS: Final = "en"  # the language of the texts that the server stores: titles and system messages
LETTERS_BEFORE_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)")
NO_BREAK_SPACE: Final = "\u00a0"


def amount_with_currency(amount: str, currency: str, language: str) -> str:
    """Return `"€1,299.00"` for `("1299.00", "EUR", "en")`.

    The amount keeps its digits: the usual ones of some currencies, such as AFN, have no minor unit.
    """
    locale = _locale_of(language)
    pattern = copy.copy(locale.currency_formats["standard"])
    _, _, fraction = amount.partition(".")
    pattern.frac_prec = (len(fraction), len(fraction))
    text = format_currency(Decimal(amount), currency, pattern, locale, currency_digits=False)
    return LETTERS_BEFORE_DIGIT.sub(NO_BREAK_SPACE, text)


def _locale_of(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except UnknownLocaleError:  # Django has languages that Unicode's data lacks
        return Locale.parse("en")
