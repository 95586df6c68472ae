"""The names and colours that a team gives to groups, labels and views."""

from __future__ import annotations

import re
from typing import Final

from chatsite.errors import invalid
from conversations.team.requests import NAME_LENGTH
from conversations.validation import clean_required

COLOR: Final = re.compile(r"#[0-9a-f]{6}")


def clean_name(name: str) -> str:
    return clean_required(" ".join(name.split()), field="name", limit=NAME_LENGTH)


def clean_color(color: str) -> str:
    if not COLOR.fullmatch(color.lower()):
        raise invalid("color must be #rrggbb.", field="color")
    return color.lower()
