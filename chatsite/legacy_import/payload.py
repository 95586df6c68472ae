"""The JSON payload of an old row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from chatsite.legacy_import import parsing
from chatsite.legacy_import.rejection import RowRejected
from chatsite.legacy_import.source_table import PAYLOAD_LENGTH, Row
from conversations.validation import storable

_PAYLOAD_DEPTH: Final = 100  # far below the limit of Python's JSON encoder


def payload_of(row: Row) -> dict[str, Any]:
    """Return the row's payload as an object. Raises `RowRejected`."""
    raw = row.get("payload")
    if isinstance(raw, str | bytes) and len(raw) > PAYLOAD_LENGTH:
        raise RowRejected("payload_too_long", f"The payload has more than {PAYLOAD_LENGTH} characters.")
    payload = parsing.parse_payload(raw)
    if payload is None:
        raise RowRejected("bad_payload", "The payload is not valid JSON.")
    return payload


def storable_data(value: Any) -> bool:
    """Return whether the payload can be stored: its texts, its numbers and its depth are valid."""
    waiting = [(value, 0)]
    while waiting:
        current, depth = waiting.pop()
        if depth > _PAYLOAD_DEPTH:
            return False
        if isinstance(current, str) and not storable(current):
            return False
        if isinstance(current, float) and not math.isfinite(current):
            return False
        if isinstance(current, Mapping):
            waiting += [(part, depth + 1) for pair in current.items() for part in pair]
        elif isinstance(current, list):
            waiting += [(part, depth + 1) for part in current]
    return True
