"""The meaning of the old table's values in the notations of several databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chatsite.legacy_import import parsing

pytestmark = pytest.mark.standalone

UTC_ZONE = ZoneInfo("UTC")
NEVER = [
    None,
    "",
    "0",
    0,
    0.0,
    "0.00",
    b"\x00",
    "b'0'",
    "false",
    "NULL",
    r"\N",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "0000-00-00 00:00:00.000000",
    "0000-00-00T00:00:00Z",
    "infinity",
    "-infinity",
    "Infinity",
    "1970-01-01 00:00:00",
    "1970-01-01 00:00:00+00",
    "1970-01-01 01:00:00+01",
    "1970-01-01 01:00:00",
    "1969-12-31 19:00:00-05",
    "1899-12-30 00:00:00",
    "1753-01-01 00:00:00",
    "0001-01-01 00:00:00",
    "0001-01-01 00:00:00+00 BC",
    "4714-11-24 BC",
    "9999-12-31 23:59:59",
    "9999-12-31 23:59:59-12",
    "12000-01-01 00:00:00",
    "2038-01-19 03:14:07",
]
SET = [True, 1, "1", "t", "TRUE", " yes ", b"\x01", "b'1'", "deleted"]
AMBIGUOUS = ["maybe", "2024-00-00", "2024-13-01", "-1", "\u0661", "17", b"\xff", "31.12.2023", "a\x00b"]


@pytest.mark.parametrize("value", NEVER)
def test_notations_of_never_set_no_flag(value: Any) -> None:
    assert parsing.parse_flag(value, UTC_ZONE, parsing.DELETED_WORDS) is False


@pytest.mark.parametrize("value", SET)
def test_a_flag_is_set_in_every_notation(value: Any) -> None:
    assert parsing.parse_flag(value, UTC_ZONE, parsing.DELETED_WORDS) is True


@pytest.mark.parametrize("value", ["2024-02-01 10:00:00", "20240201100000", 1706781600, "1706781600000"])
def test_a_flag_may_be_the_time_at_which_it_was_set(value: Any) -> None:
    found = parsing.parse_flag(value, UTC_ZONE, frozenset())
    assert found == datetime(2024, 2, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("value", AMBIGUOUS)
def test_an_unreadable_flag_is_refused(value: Any) -> None:
    with pytest.raises(parsing.AmbiguousValue):
        parsing.parse_flag(value, UTC_ZONE, parsing.DELETED_WORDS)


@pytest.mark.parametrize(
    "value", ["1899-12-31", "0001-01-01", "9999-12-31", "٢٠٢٤-٠١-٠١", "١٧١٩٨٢٠٨٠٠", "1e9"]
)
def test_a_time_of_another_age_or_script_is_none(value: str) -> None:
    assert parsing.parse_time(value, ZoneInfo("America/New_York")) is None


@pytest.mark.parametrize(
    ("value", "reference"),
    [(4.0, "4"), (b"4", "4"), (" 4\t", "4"), (b"\x01" * 16, "01" * 16), ("\u00a04", "\u00a04"), (None, None)],
)
def test_a_reference_is_read_as_it_was_written(value: Any, reference: str | None) -> None:
    assert parsing.parse_reference(value) == reference
