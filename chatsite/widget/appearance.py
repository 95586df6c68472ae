"""Validate a widget's texts and accent colour, and make the colour readable on both themes."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from chatsite.errors import DomainError, invalid

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_MIN_CONTRAST: Final = 4.5  # WCAG's contrast for text
_SURFACES: Final = {"light": (255, 255, 255), "dark": (23, 26, 32)}  # --surface of tokens.css
_INKS: Final = ((255, 255, 255), (16, 22, 43))  # --on-accent of tokens.css
# Characters that change the direction of the following text and so can make one name look like another.
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Colour = tuple[int, int, int]


class Shade(msgspec.Struct, frozen=True):
    """An accent colour and the colour of text on it, as `#rrggbb`."""

    accent: str
    ink: str


def clean_display_text(text: str, *, field: str, limit: int, lines: bool = False) -> str:
    """Remove control characters and outer spaces. Raise `too_large` if the text is longer than `limit`."""
    kept = "".join(
        character
        for character in text
        if (lines and character == "\n")
        or character.isspace()
        or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in _DIRECTIONS)
    )
    cleaned = kept.strip() if lines else " ".join(kept.split())
    if len(cleaned) > limit:
        raise DomainError(
            "too_large", f"{field} may have at most {limit} characters.", {"field": field, "limit": limit}
        )
    return cleaned


def clean_accent(accent: str) -> str:
    accent = accent.strip().lower()
    if accent and not _COLOUR.fullmatch(accent):
        raise invalid("accent must be a colour such as #2f5bea.", field="accent")
    return accent


def shades(accent: str) -> dict[str, Shade]:
    """Return the accent for each theme, darkened or lightened until text in it is readable; {} without an accent."""
    if not accent:
        return {}
    colour = (int(accent[1:3], 16), int(accent[3:5], 16), int(accent[5:7], 16))
    return {theme: _shade(colour, surface) for theme, surface in _SURFACES.items()}


def _shade(colour: Colour, surface: Colour) -> Shade:
    target = (0, 0, 0) if _luminance(surface) > 0.5 else (255, 255, 255)
    candidate = colour
    for step in range(1, 21):
        if _contrast(candidate, surface) >= _MIN_CONTRAST:
            break
        candidate = _blend(colour, target, step / 20)
    ink = max(_INKS, key=lambda ink: _contrast(ink, candidate))
    return Shade(_to_hex(candidate), _to_hex(ink))


def _blend(colour: Colour, target: Colour, part: float) -> Colour:
    red, green, blue = (round(one + (other - one) * part) for one, other in zip(colour, target, strict=True))
    return red, green, blue


def _contrast(one: Colour, other: Colour) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)


def _to_hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
