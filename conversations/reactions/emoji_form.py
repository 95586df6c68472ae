"""Normalise emoji to one spelling, using Unicode's list of emoji for general interchange (RGI, UTS #51)."""

from __future__ import annotations

import functools
from typing import Final

import emoji

from chatsite.errors import invalid
from conversations.requests import EMOJI_LENGTH

_VARIATION: Final = "\ufe0f"  # asks for the coloured picture of a character; many devices leave it out


def canonical_emoji(raw: str) -> str:
    """Return the fully qualified form of one emoji. Raises `invalid` for anything else."""
    known = _qualified_forms().get(raw.replace(_VARIATION, "")) if len(raw) <= EMOJI_LENGTH else None
    if known is None:
        raise invalid("A reaction is exactly one emoji.", field="emoji")
    return known


@functools.cache
def _qualified_forms() -> dict[str, str]:
    qualified = emoji.STATUS["fully_qualified"]
    return {
        form.replace(_VARIATION, ""): form
        for form, data in emoji.EMOJI_DATA.items()
        if data["status"] == qualified
    }
