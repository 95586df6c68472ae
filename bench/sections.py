"""The sections of the benchmark. Each starts its own servers and returns figures for `table`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bench import closed_loop, first_load, history
from bench.load_process import measure
from bench.rest import rest_sends
from bench.search import search
from bench.services import BenchFailed, Services
from bench.setups import SETUPS, Figures, Plan, Setup, running
from bench.uploads import uploads
from notifications.delivery.push.vapid import new_private_key

PAIRS: Final = 100
WINDOW: Final = 4  # messages of one person under way
IDLE: Final = 1_000
PROCESSES: Final = (1, 2, 3, 4)


def talk_once(
    services: Services | None,
    setup: Setup,
    *,
    pairs: int = PAIRS,
    processes: int = 1,
    environment: Mapping[str, str] | None = None,
    **how: Any,
) -> Figures:
    kind, protocol, _ = setup
    with running(kind, services, processes, environment) as (stack, load):
        people = stack.people(pairs=pairs)
        load.order("join", protocol=protocol, ports=stack.ports, pairs=people["pairs"])
        return measure(stack, load, "talk", warm_up=2, **how)


def talk(services: Services, plan: Plan) -> Figures:
    """Measure full load: everybody keeps messages under way. The peer runs first and last, and its mean counts."""
    figures: Figures = {}
    for name, setup in SETUPS.items():
        figures[name] = talk_once(None if setup[2] else services, setup, window=WINDOW, seconds=plan.seconds)
    again = talk_once(services, SETUPS["peer"], window=WINDOW, seconds=plan.seconds)
    figures["peer again"] = again
    return figures


def latency(services: Services, plan: Plan) -> Figures:
    """Measure the peer at its full load, and this project at the same number of messages a second."""
    peer = talk_once(services, SETUPS["peer"], window=WINDOW, seconds=plan.seconds)
    figures = {"peer": peer}
    for name in ("uvicorn native", "daphne native", "uvicorn Socket.IO"):
        figures[name] = talk_once(services, SETUPS[name], window=0, rate=peer["rate"], seconds=plan.seconds)
    return figures


def away(services: Services, plan: Plan) -> Figures:
    """Measure full load with and without push and mail, in turns. No worker sends any: this is the cost of a send."""
    sends = {"EMAIL_URL": "console:", "VAPID_PRIVATE_KEY": new_private_key()}
    sends["VAPID_SUBJECT"] = "mailto:bench@chat.example"
    figures: Figures = {"without": [], "with": []}
    for name in ("without", "with", "with", "without"):
        environment = sends if name == "with" else None
        setup = SETUPS["uvicorn native"]
        found = talk_once(services, setup, environment=environment, window=WINDOW, seconds=plan.seconds)
        figures[name].append(found)
    return figures


def fan_out(services: Services, plan: Plan) -> Figures:
    """Measure one conversation with one writer, and 2, 20 or 500 sockets that receive every message."""
    figures: Figures = {}
    for name in ("peer", "uvicorn native", "daphne native"):
        kind, protocol, _ = SETUPS[name]
        figures[name] = {}
        for sockets in (2, 20, 500):
            with running(kind, services) as (stack, load):
                room = stack.people(room=sockets)["room"]
                done = load.order(
                    "fan_out", protocol=protocol, ports=stack.ports, window=8, seconds=plan.seconds, **room
                )
            figures[name][str(sockets)] = {**done, "rate": round(done["deliveries"] / done["seconds"], 1)}
    return figures


def idle(services: Services, plan: Plan) -> Figures:
    """Measure authenticated idle sockets: the memory of each and how fast they connect. Then 5,000 with 1% talking."""
    figures: Figures = {}
    for name in ("peer", "uvicorn native", "daphne native", "uvicorn Socket.IO"):
        kind, protocol, _ = SETUPS[name]
        with running(kind, services) as (stack, load):
            people = stack.people(idle=IDLE + 50)
            connect = {"protocol": protocol, "ports": stack.ports, "at_once": 20}
            load.order("connect", tokens=people["idle"][:50], **connect)  # the first sockets load modules
            before = stack.memory()
            done = load.order("connect", tokens=people["idle"][50:], **connect)
            figures[name] = {
                "bytes": round((stack.memory() - before) / IDLE),
                "connects": round(IDLE / done["seconds"], 1),
            }
    for name in ("peer", "uvicorn native", "daphne native"):
        figures[name]["crowd"] = _crowd(services, SETUPS[name], plan)
    return figures


def _crowd(services: Services, setup: Setup, plan: Plan) -> Figures:
    """Measure 5,000 sockets, of which 50 send two messages a second each."""
    kind, protocol, _ = setup
    with running(kind, services) as (stack, load):
        people = stack.people(pairs=25, idle=4_950)
        load.order("connect", protocol=protocol, ports=stack.ports, tokens=people["idle"], at_once=20)
        load.order("join", protocol=protocol, ports=stack.ports, pairs=people["pairs"])
        done = measure(stack, load, "talk", warm_up=2, window=0, rate=100, seconds=plan.seconds)
        return {**done, "memory": stack.memory()}


def scaling(services: Services, plan: Plan) -> Figures:
    """Measure the rate by the number of pairs and of processes."""
    figures: Figures = {"pairs": {}, "processes": {}}
    for name in ("peer", "uvicorn native", "daphne native"):
        setup = SETUPS[name]
        figures["pairs"][name] = {
            str(pairs): talk_once(services, setup, pairs=pairs, window=WINDOW, seconds=plan.seconds / 2)
            for pairs in (1, 5, 20, 100, 400)
        }
    figures["processes"] = processes(services, plan)
    return figures


def processes(services: Services, plan: Plan) -> Figures:
    """Measure full load with one process and more. The two people of a pair use different processes."""
    return {
        name: {
            str(count): talk_once(
                services, SETUPS[name], processes=count, window=WINDOW, seconds=plan.seconds / 2
            )
            for count in PROCESSES
        }
        for name in ("peer", "uvicorn native", "daphne native")
    }


def stored(services: Services, plan: Plan) -> Figures:
    return history.measure(services, plan.sizes)


SECTIONS: Final[dict[str, Callable[[Services, Plan], Figures]]] = {
    "closed_loop": closed_loop.measure_all,
    "rest": rest_sends,
    "talk": talk,
    "latency": latency,
    "away": away,
    "fan_out": fan_out,
    "idle": idle,
    "scaling": scaling,
    "processes": processes,
    "history": stored,
    "search": search,
    "uploads": uploads,
}
ALONE: Final[dict[str, Callable[[], Figures]]] = {
    "first_load": first_load.measure
}  # without the peer and services
BY_DEFAULT: Final = [name for name in (*SECTIONS, *ALONE) if name != "processes"]  # a part of `scaling`


def measure_section(name: str, services: Services | None, plan: Plan) -> Figures:
    if name in ALONE:
        return ALONE[name]()
    if services is None:
        raise BenchFailed(f"{name} needs PostgreSQL and Redis")
    return SECTIONS[name](services, plan)
