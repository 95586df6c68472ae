"""Parses the values of the old table's columns: ids, flags, times, statuses and payloads."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

READ_WORDS: Final = frozenset({"read", "seen", "viewed", "opened", "2"})
DELETED_WORDS: Final = frozenset({"deleted"})
_DELIVERED: Final = frozenset({"delivered", "received"})
_FALSE: Final = frozenset(
    {"", "0", "f", "false", "n", "no", "off", "none", "null", "\\n", "\x00", "b'0'", "-infinity", "infinity"}
    | {"unread", "unseen", "active", "sent", "delivered"}
)
_TRUE: Final = frozenset({"1", "t", "true", "y", "yes", "on", "\x01", "b'1'"})
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_CLOCK_ERROR: Final = timedelta(days=1)  # covers a time zone that --timezone does not name
_BLANKS: Final = " \t\r\n\v\f"
_NUMBER: Final = re.compile(r"[0-9]{9,}(\.[0-9]*)?")  # 20240131 is a date
_COMPACT: Final = re.compile(r"(?:19|20)[0-9]{12}")  # MySQL's 20240131120000
# MySQL's zero date, PostgreSQL's years before 1 and after 9999, and a number that is zero.
_NEVER: Final = re.compile(
    r"0000[-/]?00[-/]?00([ t].*)?|00:00:00|[0-9-]+-[0-9]{2}-[0-9]{2}.* bc|[0-9]{5,}-[0-9]{2}-[0-9]{2}.*|[+-]?0+(\.0*)?",
    re.DOTALL | re.ASCII,
)
_UUID_BYTES: Final = 16


class AmbiguousValue(ValueError):
    """The value can be read in more than one way."""


def to_text(value: Any) -> str:
    """Any value as text; NULL as the empty text."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else str(value)


def parse_id(value: Any) -> str:
    """An id as text. 4.0, as JavaScript's numbers are stored, is the same id as 4."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip(_BLANKS)


def parse_reference(value: Any) -> str | None:
    """The user or business that a row refers to; None where the column is empty.

    Bytes are a UUID as MySQL's BINARY(16) holds it, or text in a binary column.
    """
    if isinstance(value, bytes):
        is_text = len(value) != _UUID_BYTES or (value.isascii() and value.decode().isprintable())
        value = to_text(value) if is_text else value.hex()
    return None if value is None else (parse_id(value) or None)


def parse_flag(value: Any, zone: ZoneInfo, words: frozenset[str]) -> bool | datetime:
    """A column that holds a flag or the time at which it was set. Raises `AmbiguousValue` for anything else.

    `words` set the flag, beside the usual ones.

    Databases write "never" as NULL, as a zero date, as infinity, as the epoch, or as a date long past or far ahead.
    None of these sets the flag.
    """
    text = to_text(value).strip(_BLANKS).lower()
    if text in _FALSE or _NEVER.fullmatch(text):
        return False
    if text in _TRUE or text in words:
        return True
    found = _parse_any_time(value, zone)
    if found is None:
        raise AmbiguousValue(text)
    return found if _is_past(found) else False


def parse_past_time(value: Any, zone: ZoneInfo) -> datetime | None:
    """As `parse_time`, of something that has happened: a time that is still to come counts as none."""
    found = parse_time(value, zone)
    return found if found is not None and _is_past(found) else None


def _is_past(found: datetime) -> bool:
    return _EARLIEST <= found <= datetime.now(UTC) + _CLOCK_ERROR


def parse_time(value: Any, zone: ZoneInfo) -> datetime | None:
    """A time as ISO text or as seconds, milliseconds or microseconds since 1970; None for anything else.

    A time without a zone is in `zone`. Times before 1990 or after 2100 are mistakes of the old system.
    """
    found = _parse_any_time(value, zone)
    return found if found is not None and _EARLIEST <= found < _LATEST else None


def _parse_any_time(value: Any, zone: ZoneInfo) -> datetime | None:
    """A time of any year. The limits of `datetime` stand for the years outside of them."""
    text = to_text(value).strip(_BLANKS)
    try:
        found = _from_text(text)
    except (ValueError, OverflowError, OSError):
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # the first or the last day of the calendar
        return found.replace(tzinfo=UTC)


def _from_text(text: str) -> datetime:
    if not text.isascii():
        raise ValueError(text)
    if _COMPACT.fullmatch(text):
        return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007  the caller adds the zone
    if _NUMBER.fullmatch(text):
        return _from_epoch(float(text))
    return datetime.fromisoformat(text)


def _from_epoch(number: float) -> datetime:
    if not math.isfinite(number):
        raise ValueError(number)
    for scale, most in ((1, 1e11), (1e3, 1e14), (1e6, 1e17)):
        if number < most:
            return datetime.fromtimestamp(number / scale, UTC)
    raise ValueError(number)


def parse_status(status: Any, *, is_read: bool) -> str:
    """`sent`, `delivered` or `read`: the furthest that the status and the read flag or time tell of."""
    word = to_text(status).strip(_BLANKS).lower()
    if is_read or word in READ_WORDS:
        return "read"
    return "delivered" if word in _DELIVERED else "sent"


def parse_payload(value: Any) -> dict[str, Any] | None:
    """The JSON payload as an object; other JSON under `value`; None where the text is not JSON."""
    if isinstance(value, bytes):
        value = to_text(value)
    if value is None or value == "":
        return {}
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else {"value": found}
