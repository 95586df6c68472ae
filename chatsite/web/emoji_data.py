"""Makes `static/web/emoji.json`, the emoji of the picker, from public packages.

    python -m chatsite.web.emoji_data data-by-group.json emoji-en-US.json > chatsite/web/static/web/emoji.json

`data-by-group.json` is of the npm package unicode-emoji-json (MIT), which has Unicode's own data in Unicode's order.
`emoji-en-US.json` is of emojilib (MIT) and has more words to find an emoji by. Only what a reaction may be is kept.
Each emoji is `[emoji, words]`, or `[emoji, words, 1]` where it comes in skin tones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import emoji

WORDS: Final = 8  # to find an emoji by, beside its name
_VARIATION: Final = "\ufe0f"
TONE: Final = "\U0001f3fd"


def grouped_emoji(groups: list[dict[str, Any]], keywords: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [
        {
            "name": group["name"],
            "emoji": [_entry(one, keywords) for one in group["emojis"] if _is_known(one["emoji"])],
        }
        for group in groups
    ]


def _is_known(form: str) -> bool:
    data = emoji.EMOJI_DATA.get(form)
    return data is not None and data["status"] == emoji.STATUS["fully_qualified"]


def _entry(one: dict[str, Any], keywords: dict[str, list[str]]) -> list[Any]:
    form = one["emoji"]
    found = [word.replace("_", " ") for word in keywords.get(form, [])]
    words = list(dict.fromkeys([one["name"], *found]))[: WORDS + 1]
    has_tones = one["skin_tone_support"] and toned(form) is not None
    return [form, ", ".join(words), *([1] if has_tones else [])]


def toned(form: str) -> str | None:
    """Return the emoji in a skin tone, where the picker can make it: by a tone after the first character."""
    first, rest = form[0], form[1:].removeprefix(_VARIATION)
    return first + TONE + rest if _is_known(first + TONE + rest) else None


if __name__ == "__main__":
    groups_file, words_file = sys.argv[1:]
    made = grouped_emoji(json.loads(Path(groups_file).read_text()), json.loads(Path(words_file).read_text()))
    sys.stdout.write(json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n")
