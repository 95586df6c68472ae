"""Names of people and businesses inside other text: their direction must not change the text around them."""

from __future__ import annotations

import unicodedata
from typing import Final

_CONTROLS: Final = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"


def isolate(name: str) -> str:
    """The name for plain text and attributes, without direction controls; isolated where it runs right to left.

    In HTML, `<bdi>` does the same. A control that closes an isolate would end it there too, so it is removed here.
    """
    if name.isascii():
        return name
    plain = name.translate(_CONTROLS)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in plain):
        return f"{_FIRST_STRONG_ISOLATE}{plain}{_POP_ISOLATE}"
    return plain
