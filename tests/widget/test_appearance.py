"""Any accent colour is readable, on either theme."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatsite.widget.appearance import _contrast, clean_display_text, shades

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
SURFACES = {"light": (255, 255, 255), "dark": (23, 26, 32)}


def parsed(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@given(COLOURS)
def test_contrast(accent: str) -> None:
    for theme, shade in shades(accent).items():
        assert _contrast(parsed(shade.accent), SURFACES[theme]) >= 4.4
        assert _contrast(parsed(shade.accent), parsed(shade.ink)) >= 4.4


def test_a_readable_colour_is_not_changed() -> None:
    assert shades("#0f766e")["light"].accent == "#0f766e"


def test_no_accent_leaves_the_tokens() -> None:
    assert shades("") == {}


@given(st.text(max_size=80))
def test_texts_can_be_stored(text: str) -> None:
    cleaned = clean_display_text(text, field="title", limit=400)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean_display_text(cleaned, field="title", limit=400) == cleaned
