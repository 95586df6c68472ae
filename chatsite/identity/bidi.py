"""Keep a right-to-left name from changing the direction of the text around it."""

from __future__ import annotations

import unicodedata
from typing import Final

_CONTROLS: Final = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"


def isolate(name: str) -> str:
    """Return the name for plain text and attributes: without direction controls, and isolated if right-to-left.

    In HTML, use `<bdi>` instead. Direction controls are removed because they could end the isolate.
    """
    if name.isascii():
        return name
    plain = name.translate(_CONTROLS)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in plain):
        return f"{_FIRST_STRONG_ISOLATE}{plain}{_POP_ISOLATE}"
    return plain
