"""Find the `ref` of a frame that cannot be decoded, so that the error reaches the call that waits for it."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

# A string, which may lack its end; or a bracket. Linear in the length of the text: no quantifier gives back.
_tokens: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL).finditer
_match_value: Final = re.compile(rb'\s*+:\s*+("(?:[^"\\]++|\\.)*+"|-?\d{1,19}(?=[\s,}]))', re.DOTALL).match


def find_ref(frame: bytes) -> str | int | None:
    """Return the last top-level `ref` of an object that may be no valid JSON; None if it has none that can be read."""
    depth = 0
    ref: str | int | None = None
    for token in _tokens(frame):
        text = token.group()
        if text in {b"{", b"["}:
            depth += 1
        elif text in {b"}", b"]"}:
            depth -= 1
        elif depth == 1 and text == b'"ref"':
            value = _match_value(frame, token.end())
            if value is not None:
                ref = _decode(value.group(1))
    return ref


def _decode(value: bytes) -> Any:
    try:
        return msgspec.json.decode(value, type=str | int)
    except (msgspec.MsgspecError, UnicodeError):
        return None
