"""The letters and the colour that stand in for a picture of a person or a business."""

from __future__ import annotations

from typing import Final

TINTS: Final = 8  # colours of avatars


def initials_of(name: str) -> str:
    """Return one or two letters; the same rule as in `thread/initials.js`."""
    words = [word for word in name.split() if word[0].isalnum()]
    chosen = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in chosen).upper() or "?"


def tint_of(key: str) -> int:
    """Return a colour that stays the same for this person or business; the same rule as in `people.js`."""
    total = 0
    for character in key:
        total = (total * 31 + ord(character)) % 65_521
    return total % TINTS
