"""The server accepts every emoji of the picker as a reaction, also with a skin tone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from chatsite.web.emoji_data import grouped_emoji, toned
from conversations.reactions.emoji_form import canonical_emoji

pytestmark = pytest.mark.standalone

DATA: Final = Path(__file__).parents[2] / "chatsite/web/static/web/emoji.json"
GROUPS: Final[list[dict[str, Any]]] = json.loads(DATA.read_text())


def test_the_server_takes_every_emoji_of_the_picker() -> None:
    entries = [entry for group in GROUPS for entry in group["emoji"]]
    assert len(entries) > 1_800
    for form, words, *has_tones in entries:
        assert canonical_emoji(form) == form
        assert words
        if has_tones:
            in_tone = toned(form)
            assert in_tone is not None
            assert canonical_emoji(in_tone) == in_tone


def test_the_data_is_made_from_unicodes() -> None:
    groups = [
        {
            "name": "People",
            "emojis": [
                {"emoji": "👋", "name": "waving hand", "skin_tone_support": True},
                {"emoji": "x", "name": "no emoji", "skin_tone_support": False},
            ],
        }
    ]
    made = grouped_emoji(groups, {"👋": ["hello_there", "waving hand"]})
    assert made == [{"name": "People", "emoji": [["👋", "waving hand, hello there", 1]]}]
