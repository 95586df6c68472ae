"""The bars and the tables of the closed loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bench.bars import Bar

Figures = dict[str, Any]

JUDGED: Final = ("uvicorn native", "daphne native")
LEAST_RATE: Final = {"1": 0.9, "10": 1.1, "50": 1.8, "150": 2.2}
P50_FROM: Final = ("10", "50", "150")
PROCESSOR_AT: Final = "10"
MOST_PROCESSOR: Final = 1.1
LEAST_CONNECTS: Final = {"one by one": 0.7, "all at once": 1.2}


def bars(figures: Figures) -> Iterator[Bar]:
    for name in JUDGED:
        for count, least in LEAST_RATE.items():
            ratio = _ratio(figures, name, "pairs", count, "rate")
            yield Bar(f"messages/s of {count} pairs, {name}", ratio, least=least, unit="× peer")
        for count in P50_FROM:
            ratio = _ratio(figures, name, "pairs", count, "exchange", "p50")
            yield Bar(f"p50 of {count} pairs, {name}", ratio, most=1, unit="× peer")
        ratio = _ratio(figures, name, "pairs", PROCESSOR_AT, "per_message", "processor")
        yield Bar(f"processor of {PROCESSOR_AT} pairs, {name}", ratio, most=MOST_PROCESSOR, unit="× peer")
        for how, least in LEAST_CONNECTS.items():
            ratio = _ratio(figures, name, "connects", how, "rate")
            yield Bar(f"connects {how}, {name}", ratio, least=least, unit="× peer")


def table(figures: Figures) -> list[str]:
    lines = ["One message under way per pair", ""]
    lines.append(_row("", "pairs", "msg/s", "× peer", "p50 ms", "p99 ms", "CPU ms/msg", "SQL/msg"))
    for count in LEAST_RATE:
        lines += [_turns_row(figures, name, count) for name in figures]
    lines += ["", "Connect, authenticate and join", ""]
    lines.append(_row("", "", "1/s", "× peer", "p50 ms", "p99 ms", "CPU ms", "SQL"))
    for how in LEAST_CONNECTS:
        lines += [_connects_row(figures, name, how) for name in figures]
    return [*lines, ""]


def _turns_row(figures: Figures, name: str, count: str) -> str:
    found = figures[name]["pairs"][count]
    return _row(
        name,
        count,
        f"{found['rate']:,.0f}",
        f"{_ratio(figures, name, 'pairs', count, 'rate'):.2f}",
        f"{found['exchange']['p50']:.2f}",
        f"{found['exchange']['p99']:.2f}",
        f"{found['per_message']['processor'] * 1000:.3f}",
        f"{found['per_message']['statements']:.2f}",
    )


def _connects_row(figures: Figures, name: str, how: str) -> str:
    found = figures[name]["connects"][how]
    return _row(
        name,
        how,
        f"{found['rate']:,.0f}",
        f"{_ratio(figures, name, 'connects', how, 'rate'):.2f}",
        f"{found['arrival']['p50']:.2f}",
        f"{found['arrival']['p99']:.2f}",
        f"{found['per_connect']['processor'] * 1000:.3f}",
        f"{found['per_connect']['statements']:.2f}",
    )


def _row(name: str, *cells: str) -> str:
    return f"{name:>20}" + "".join(f"{cell:>12}" for cell in cells)


def _ratio(figures: Figures, name: str, *path: str) -> float:
    """Return the figure, divided by the mean of the peer's first and last measurement."""
    peer = (_figure(figures["peer"], *path) + _figure(figures["peer again"], *path)) / 2
    return _figure(figures[name], *path) / peer


def _figure(found: Any, *path: str) -> float:
    for step in path:
        found = found[step]
    return float(found)
