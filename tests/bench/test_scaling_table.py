"""The table of server processes compares each number of them with one."""

from __future__ import annotations

from typing import Any

import pytest

from bench import table

pytestmark = pytest.mark.standalone


def measured(rate: float, milliseconds: float) -> dict[str, Any]:
    each = {"processor": milliseconds / 1000, "postgres": 0.00005, "redis": 0.00001}
    return {"rate": rate, "per_message": {**each, "statements": 0.05, "redis_commands": 1.5}}


def test_it_shows_the_ratio_to_ideal_and_of_the_cost() -> None:
    processes = {"uvicorn native": {"1": measured(8_000, 0.10), "2": measured(12_000, 0.125)}}
    for figures in ({"processes": processes}, {"scaling": {"processes": processes}}):
        one, two = [line.split() for line in table.render(figures).splitlines() if "uvicorn native" in line]
        assert one[2:6] == ["1", "8,000", "1.00", "1.00"]
        assert two[2:6] == ["2", "12,000", "0.75", "0.80"]
