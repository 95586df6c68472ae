"""Parse the values of the old table: ids, flags, times, statuses and payloads."""

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
_CLOCK_ERROR: Final = timedelta(days=1)  # allows for a wrong --timezone
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
    """Return the value as text, and NULL as the empty text."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value if isinstance(value, str) else str(value)


def parse_id(value: Any) -> str:
    """Return an id as text. 4.0 is the id 4, because JavaScript's numbers may be stored as floats."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip(_BLANKS)


def parse_reference(value: Any) -> str | None:
    """Return the reference to a user or business, or None if the column is empty.

    Bytes are a UUID in MySQL's BINARY(16), or text in a binary column.
    """
    if isinstance(value, bytes):
        is_text = len(value) != _UUID_BYTES or (value.isascii() and value.decode().isprintable())
        value = to_text(value) if is_text else value.hex()
    return None if value is None else (parse_id(value) or None)


def parse_flag(value: Any, zone: ZoneInfo, words: frozenset[str]) -> bool | datetime:
    """Return a flag, or the time at which it was set. Raises `AmbiguousValue` for other values.

    `words` are more words that set the flag.

    Databases write "never" as NULL, as a zero date, as infinity, as the epoch, or as a date far in the past or future.
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
    """Like `parse_time`, but return None for a time in the future."""
    found = parse_time(value, zone)
    return found if found is not None and _is_past(found) else None


def _is_past(found: datetime) -> bool:
    return _EARLIEST <= found <= datetime.now(UTC) + _CLOCK_ERROR


def parse_time(value: Any, zone: ZoneInfo) -> datetime | None:
    """Parse ISO text, or seconds, milliseconds or microseconds since 1970. Return None for anything else.

    A time without a zone is in `zone`. A time before 1990 or after 2100 must be wrong, so it gives None too.
    """
    found = _parse_any_time(value, zone)
    return found if found is not None and _EARLIEST <= found < _LATEST else None


def _parse_any_time(value: Any, zone: ZoneInfo) -> datetime | None:
    """Parse a time of any year that `datetime` supports."""
    text = to_text(value).strip(_BLANKS)
    try:
        found = _from_text(text)
    except (ValueError, OverflowError, OSError):
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # the first or the last day that `datetime` supports
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
    """Return `sent`, `delivered` or `read`: the latest state in the status column and the read flag or time."""
    word = to_text(status).strip(_BLANKS).lower()
    if is_read or word in READ_WORDS:
        return "read"
    return "delivered" if word in _DELIVERED else "sent"


def parse_payload(value: Any) -> dict[str, Any] | None:
    """Return the JSON payload as an object. Other JSON is put under `value`. Return None if the text is not JSON."""
    if isinstance(value, bytes):
        value = to_text(value)
    if value is None or value == "":
        return {}
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else {"value": found}
