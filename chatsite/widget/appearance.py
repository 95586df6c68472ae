"""How a widget looks and what it says: validated texts, and an accent colour that can be read on either theme."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from chatsite.errors import DomainError, invalid

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_READABLE: Final = 4.5  # WCAG's contrast for text
_SURFACES: Final = {"light": (255, 255, 255), "dark": (23, 26, 32)}  # --surface of tokens.css
_INKS: Final = ((255, 255, 255), (16, 22, 43))  # --on-accent of tokens.css
# Characters that turn the direction of what follows, and so could make a name read as another one.
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Colour = tuple[int, int, int]


class Shade(msgspec.Struct, frozen=True):
    """A colour, and the one to write on it, as `#rrggbb`."""

    accent: str
    ink: str


def clean_text(text: str, *, field: str, limit: int, lines: bool = False) -> str:
    """The text without control characters and outer spaces; `too_large` where it is longer than `limit`."""
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
            "too_large", f"{field} has at most {limit} characters.", {"field": field, "limit": limit}
        )
    return cleaned


def clean_accent(accent: str) -> str:
    accent = accent.strip().lower()
    if accent and not _COLOUR.fullmatch(accent):
        raise invalid("accent is a colour such as #2f5bea.", field="accent")
    return accent


def shades(accent: str) -> dict[str, Shade]:
    """The accent for each theme, moved towards black or white until it can be read as text; {} without an accent."""
    if not accent:
        return {}
    colour = (int(accent[1:3], 16), int(accent[3:5], 16), int(accent[5:7], 16))
    return {theme: _shade(colour, surface) for theme, surface in _SURFACES.items()}


def _shade(colour: Colour, surface: Colour) -> Shade:
    target = (0, 0, 0) if _luminance(surface) > 0.5 else (255, 255, 255)
    seen = colour
    for step in range(1, 21):
        if _contrast(seen, surface) >= _READABLE:
            break
        seen = _mixed(colour, target, step / 20)
    ink = max(_INKS, key=lambda candidate: _contrast(candidate, seen))
    return Shade(_spelled(seen), _spelled(ink))


def _mixed(colour: Colour, target: Colour, part: float) -> Colour:
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


def _spelled(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
