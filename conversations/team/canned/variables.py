"""Fill the variables of a canned answer, such as `{{customer.firstName}}` or `{{customer.name|there}}`.

A variable is a name from a closed list. It has no expressions, filters or loops, so a text cannot read anything else.
The values are inserted in one pass: a customer whose name is `{{agent.name}}` is addressed by exactly that name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from chatsite.errors import invalid

VARIABLES: Final = (
    "agent.firstName",
    "agent.name",
    "business.name",
    "customer.firstName",
    "customer.name",
)
# The part after `|` is used if the value is empty.
_VARIABLE: Final = re.compile(r"\{\{\s*([^{}|\s]{1,60})\s*(?:\|([^{}]{0,100}))?\}\}")
# Characters that would break the line or reorder the text around a name.
_UNWANTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


def unknown_variables(text: str, known: Collection[str] = VARIABLES) -> list[str]:
    return sorted({found[1] for found in _VARIABLE.finditer(text)} - set(known))


def check_variables(text: str, known: Collection[str] = VARIABLES) -> None:
    """Raise `invalid` if the text has a variable that nobody fills."""
    if unknown := unknown_variables(text, known):
        raise invalid(
            f"There is no variable {unknown[0]}. The variables are {', '.join(known)}.",
            field="text",
            unknown=unknown,
            known=list(known),
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each known variable by its value. Leave everything else as it stands."""

    def value_of(found: re.Match[str]) -> str:
        name, fallback = found[1], found[2] or ""
        if name not in values:
            return found[0]
        return _UNWANTED.sub(" ", values[name]).strip() or fallback.strip()

    return _VARIABLE.sub(value_of, text)


def first_name(name: str) -> str:
    return name.split(maxsplit=1)[0] if name.split() else ""
