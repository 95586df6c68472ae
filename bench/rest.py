"""Measure a send over REST against a send over a socket: one person in a closed loop, on the same server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench.bars import Bar
from bench.load_process import measure
from bench.services import Services
from bench.setups import SETUPS, Figures, Plan, running

ROUNDS: Final = 3  # of each, in turns, so that other load on the machine affects both
MOST_P50: Final = 2


def rest_sends(services: Services, plan: Plan) -> Figures:
    """Return the round with the median p50 of each."""
    kind, _, _ = SETUPS["uvicorn native"]
    rounds: dict[str, list[Figures]] = {"socket": [], "rest": []}
    with running(kind, services) as (stack, load):
        [pair] = stack.people(pairs=1)["pairs"]
        for _ in range(ROUNDS):
            for way, found in rounds.items():
                how = {"pair": pair, "port": stack.ports[0], "way": way}
                found.append(
                    measure(stack, load, "send_alone", warm_up=1, seconds=plan.seconds / ROUNDS, **how)
                )
    return {way: sorted(found, key=_p50)[ROUNDS // 2] for way, found in rounds.items()}


def _p50(found: Figures) -> float:
    return float(found["ack"]["p50"])


def bars(figures: Figures) -> Iterator[Bar]:
    if figures:
        ratio = _p50(figures["rest"]) / _p50(figures["socket"])
        yield Bar("p50 of a send over REST, uvicorn", ratio, most=MOST_P50, unit="× socket")


def table(figures: Figures) -> list[str]:
    lines = ["One person sends", "", _row("", "msg/s", "p50 ms", "p99 ms", "CPU ms/msg", "SQL/msg")]
    for way, found in figures.items():
        each = found["per_message"]
        cells = (f"{found['rate']:,.0f}", f"{_p50(found):.2f}", f"{found['ack']['p99']:.2f}")
        lines.append(_row(way, *cells, f"{each['processor'] * 1000:.3f}", f"{each['statements']:.2f}"))
    return [*lines, ""]


def _row(name: str, *cells: str) -> str:
    return f"{name:>20}" + "".join(f"{cell:>12}" for cell in cells)
