"""Measure the closed loop: messages when few people talk, and connects.

Each pair of people has one message under way. The peer runs first and last, and its mean counts.
"""

from __future__ import annotations

from typing import Final

from bench.load_process import LoadProcess, measure
from bench.services import Services
from bench.setups import SETUPS, Figures, Plan, Setup, running
from bench.stack import Stack

PAIRS: Final = (1, 10, 50, 150)
MEASURED: Final = ("peer", "uvicorn native", "daphne native", "uvicorn Socket.IO", "daphne Socket.IO")
WARM_UP_PAIRS: Final = 10


def measure_all(services: Services, plan: Plan) -> Figures:
    figures = {name: _measure_one(services, SETUPS[name], plan) for name in MEASURED}
    figures["peer again"] = _measure_one(services, SETUPS["peer"], plan)
    return figures


def _measure_one(services: Services, setup: Setup, plan: Plan) -> Figures:
    kind, protocol, _ = setup
    with running(kind, services) as (stack, load):
        pairs = stack.people(pairs=max(PAIRS))["pairs"]
        where: Figures = {"protocol": protocol, "ports": stack.ports}
        turns = {}
        for count in PAIRS:
            load.order("join", pairs=pairs[:count], **where)
            turns[str(count)] = measure(
                stack, load, "take_turns", warm_up=plan.seconds / 4, seconds=plan.seconds / 2
            )
            load.order("leave")
        return {"pairs": turns, "connects": _measure_connects(stack, load, pairs, where)}


def _measure_connects(stack: Stack, load: LoadProcess, pairs: list[Figures], where: Figures) -> Figures:
    """Measure connecting, authenticating and joining: one person after the other, and everybody at once."""
    people = 2 * len(pairs)
    figures: Figures = {}
    load.order("arrive", pairs=pairs[:WARM_UP_PAIRS], at_once=1, **where)
    load.order("leave")
    for name, at_once in (("one by one", 1), ("all at once", people)):
        before = stack.counters()
        done = load.order("arrive", pairs=pairs, at_once=at_once, **where)
        spent = stack.counters() - before
        load.order("leave")
        figures[name] = {**done, "rate": round(people / done["seconds"], 1), "per_connect": spent.per(people)}
    return figures
