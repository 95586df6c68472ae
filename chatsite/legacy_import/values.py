"""What single values of the old table mean."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

_READ: Final = frozenset({"read", "seen", "viewed", "opened", "2"})
_DELIVERED: Final = frozenset({"delivered", "received"})
_FALSE: Final = frozenset({"", "0", "f", "false", "n", "no", "none", "null", "unread"})
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def as_text(value: Any) -> str:
    """Any value as text; nothing as the empty text."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else str(value)


def as_id(value: Any) -> str:
    """An id as text, the same whether the database or JavaScript's numbers wrote it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def as_reference(value: Any) -> str | None:
    """Whom or what a row refers to; None where the column is empty."""
    return None if value is None else (as_id(value) or None)


def as_flag(value: Any) -> bool:
    return as_text(value).strip().lower() not in _FALSE


def as_time(value: Any, zone: ZoneInfo) -> datetime | None:
    """A time as ISO text or as seconds, milliseconds or microseconds since 1970; None for anything else.

    A time without a zone is in `zone`. Before 1990 or after 2100 it is a mistake of the old system and no time.
    """
    try:
        if isinstance(value, int | float):
            found = _from_epoch(float(value))
        else:
            text = as_text(value).strip()
            found = _from_epoch(float(text)) if _is_number(text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    try:
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # the first or the last day that there is
        return None
    return found if _EARLIEST <= found < _LATEST else None


def _is_number(text: str) -> bool:
    return len(text) > 8 and text.replace(".", "", 1).isdecimal()  # 20240131 is a date


def _from_epoch(number: float) -> datetime:
    if not math.isfinite(number):
        raise ValueError(number)
    for scale, most in ((1, 1e11), (1e3, 1e14), (1e6, 1e17)):
        if number < most:
            return datetime.fromtimestamp(number / scale, UTC)
    raise ValueError(number)


def as_status(status: Any, read: Any, read_at: datetime | None) -> str:
    """`sent`, `delivered` or `read`, of the status, the read flag and the time of reading; the furthest wins."""
    word = as_text(status).strip().lower()
    if word in _READ or read_at is not None or (read is not None and as_flag(read)):
        return "read"
    return "delivered" if word in _DELIVERED else "sent"


def as_payload(value: Any) -> dict[str, Any] | None:
    """The JSON payload as an object; other JSON under `value`; None where it is no JSON at all."""
    if isinstance(value, bytes):
        value = as_text(value)
    if value is None or value == "":
        return {}
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else {"value": found}
