"""The names and colours that a team gives to groups, labels and views."""

from __future__ import annotations

import re
from typing import Final

from chatsite.errors import DomainError, invalid
from conversations.validation import storable

NAME_LENGTH: Final = 80
COLOR: Final = re.compile(r"#[0-9a-f]{6}")


def clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise invalid("name is required.", field="name")
    if len(name) > NAME_LENGTH:
        raise DomainError(
            "too_large",
            f"A name can have at most {NAME_LENGTH} characters.",
            {"field": "name", "limit": NAME_LENGTH},
        )
    if not storable(name):
        raise invalid("The name contains a character that cannot be stored.", field="name")
    return name


def clean_color(color: str) -> str:
    if not COLOR.fullmatch(color.lower()):
        raise invalid("color must be #rrggbb.", field="color")
    return color.lower()
