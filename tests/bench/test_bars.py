"""The verdict of the benchmark: the ratios of one run, compared with the bars."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bench import table

pytestmark = pytest.mark.standalone


def measured(rate: float) -> dict[str, Any]:
    return {
        "rate": rate,
        "delivery": {"p50": 10.0, "p99": 20.0},
        "ack": {"p50": 10.0, "p99": 20.0},
        "per_message": {"processor": 0.0001, "statements": 0.05, "redis_reads": 0.02, "hops": 0.004},
    }


def run() -> dict[str, Any]:
    rates = {"peer": 1_900, "uvicorn native": 6_100, "daphne native": 3_700, "uvicorn Socket.IO": 3_100}
    rates |= {
        "daphne Socket.IO": 3_000,
        "embedded uvicorn": 1_200,
        "embedded daphne": 1_100,
        "peer again": 2_100,
    }
    return {"talk": {name: measured(rate) for name, rate in rates.items()}}


def test_the_peers_two_measurements_are_averaged() -> None:
    assert table.peer_rate(run()["talk"]) == 2_000


def test_all_met() -> None:
    assert table.all_met(run())
    assert "NOT MET" not in table.render(run())


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("durable messages/s, uvicorn native", ("uvicorn native", "rate"), 5_999),
        ("durable messages/s, daphne native", ("daphne native", "rate"), 3_599),
        ("durable messages/s, uvicorn Socket.IO", ("uvicorn Socket.IO", "rate"), 2_999),
        ("durable messages/s, embedded daphne", ("embedded daphne", "rate"), 999),
        ("statements per message, daphne native", ("daphne native", "per_message", "statements"), 0.21),
        ("thread hops per message, uvicorn native", ("uvicorn native", "per_message", "hops"), 0.11),
    ],
)
def test_each_bar_can_be_missed(name: str, path: tuple[str, ...], value: float) -> None:
    figures = copy.deepcopy(run())
    found = figures["talk"]
    for step in path[:-1]:
        found = found[step]
    found[path[-1]] = value
    assert [bar.name for bar in table.bars(figures) if not bar.is_met] == [name]
    assert not table.all_met(figures)


def test_an_idle_socket_has_a_limit_of_memory() -> None:
    figures: dict[str, Any] = {"idle": {"peer": {"bytes": 30 * 1024}, "uvicorn native": {"bytes": 40 * 1024}}}
    assert table.all_met(figures)
    figures["idle"]["uvicorn native"]["bytes"] = 41 * 1024
    assert not table.all_met(figures)


def test_a_history_page_is_twice_as_fast_as_a_plain_view() -> None:
    times = {name: {"p50": 1.5, "p99": 9.0} for name in ("bare_sql", "page", "older_page", "list")}
    figures: dict[str, Any] = {"history": {"10000": times | {"plain_view": {"p50": 3.0, "p99": 9.0}}}}
    assert table.all_met(figures)
    figures["history"]["10000"]["plain_view"]["p50"] = 2.9
    assert not table.all_met(figures)
    figures["history"]["10000"] |= {"plain_view": {"p50": 3.0}, "list": {"p50": 4.1}}
    assert not table.all_met(figures)


def test_bars_of_uploads_can_be_missed() -> None:
    found = {
        "quiet": {"delivery": {"p99": 10.0}},
        "busy": {"delivery": {"p99": 15.0}},
        "memory": {"1": 8 * 2**20, "10": 40 * 2**20},
        "photo": [1.5, 1.4, 9.0],
    }
    assert table.all_met({"uploads": found})
    worse: list[dict[str, Any]] = [
        {"busy": {"delivery": {"p99": 15.1}}},
        {"memory": {"1": 9 * 2**20, "10": 0}},
        {"memory": {"1": 0, "10": 41 * 2**20}},
        {"photo": [1.5, 1.6, 9.0]},
    ]
    for missed in worse:
        assert not table.all_met({"uploads": {**found, **missed}})


@pytest.mark.parametrize(("rates", "is_met"), [((990, 960), True), ((990, 940), False)])
def test_push_and_mail_cost_a_send_at_most_three_percent(rates: tuple[float, float], is_met: bool) -> None:
    figures = {"without": [measured(1_000)] * 2, "with": [measured(rate) for rate in rates]}
    assert table.all_met({"away": figures}) == is_met
