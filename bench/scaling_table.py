"""The table of server processes: how the rate and the cost of a message change with their number."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]


def table(by_name: Figures) -> list[str]:
    """`ideal` is the rate of one process, times their number. It needs a free core for each, and others for the rest.

    `same cost` does not depend on free cores: the processor time of the servers for a message with one process, divided
    by that with several. At 1, another process adds as much as the first one had, given a core.
    """
    lines = ["Server processes at full load", ""]
    lines.append(
        _row("", "processes", "msg/s", "of ideal", "same cost", "CPU ms", "PG ms", "Redis ms", "SQL", "Redis")
    )
    for name, found in by_name.items():
        first = next(iter(found.values()))
        lines += [_line(name, count, one, first) for count, one in found.items()]
    return [*lines, ""]


def _line(name: str, count: str, found: Figures, first: Figures) -> str:
    each = found["per_message"]
    return _row(
        name,
        count,
        f"{found['rate']:,.0f}",
        f"{of_ideal(found, first, int(count)):.2f}",
        f"{same_cost(found, first):.2f}",
        f"{each['processor'] * 1000:.3f}",
        f"{each['postgres'] * 1000:.3f}",
        f"{each['redis'] * 1000:.4f}",
        f"{each['statements']:.3f}",
        f"{each['redis_commands']:.2f}",
    )


def of_ideal(found: Figures, first: Figures, processes: int) -> float:
    return float(found["rate"] / (processes * first["rate"]))


def same_cost(found: Figures, first: Figures) -> float:
    return float(first["per_message"]["processor"] / found["per_message"]["processor"])


def _row(name: str, *cells: str) -> str:
    return f"{name:>20}" + "".join(f"{cell:>11}" for cell in cells)
