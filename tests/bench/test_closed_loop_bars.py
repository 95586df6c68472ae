"""The bars of the closed loop are ratios to the peer in the same run."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bench import table

pytestmark = pytest.mark.standalone


def measured(factor: float = 1.0) -> dict[str, Any]:
    """Return figures that are `factor` times as good as the peer's."""
    turns = {
        "rate": 1_000 * factor,
        "exchange": {"p50": 2 / factor, "p99": 4 / factor},
        "per_message": {"processor": 0.001 / factor, "statements": 1.0},
    }
    connects = {
        "rate": 500 * factor,
        "arrival": {"p50": 2 / factor, "p99": 4 / factor},
        "per_connect": {"processor": 0.001 / factor, "statements": 3.0},
    }
    return {
        "pairs": {count: copy.deepcopy(turns) for count in ("1", "10", "50", "150")},
        "connects": {how: copy.deepcopy(connects) for how in ("one by one", "all at once")},
    }


def run() -> dict[str, Any]:
    found = {"peer": measured(0.9), "peer again": measured(1.1)}
    return {"closed_loop": {**found, "uvicorn native": measured(2.3), "daphne native": measured(2.3)}}


def test_a_good_run_meets_all_bars_and_comes_first_in_the_table() -> None:
    figures = run()
    assert table.all_met(figures)
    assert table.render(figures).startswith("One message under way per pair")


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("messages/s of 1 pairs, uvicorn native", ("pairs", "1", "rate"), 899),
        ("messages/s of 10 pairs, uvicorn native", ("pairs", "10", "rate"), 1_099),
        ("messages/s of 50 pairs, uvicorn native", ("pairs", "50", "rate"), 1_799),
        ("messages/s of 150 pairs, uvicorn native", ("pairs", "150", "rate"), 2_199),
        ("p50 of 10 pairs, uvicorn native", ("pairs", "10", "exchange", "p50"), 2.1),
        ("processor of 10 pairs, uvicorn native", ("pairs", "10", "per_message", "processor"), 0.00112),
        ("connects one by one, uvicorn native", ("connects", "one by one", "rate"), 349),
        ("connects all at once, uvicorn native", ("connects", "all at once", "rate"), 599),
    ],
)
def test_each_bar_can_be_missed(name: str, path: tuple[str, ...], value: float) -> None:
    figures = run()
    found = figures["closed_loop"]["uvicorn native"]
    for step in path[:-1]:
        found = found[step]
    found[path[-1]] = value
    assert [bar.name for bar in table.bars(figures) if not bar.is_met] == [name]
