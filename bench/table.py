"""The bars, and the table of the results. Every ratio compares figures of one run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench import closed_loop_table, first_load, rest, scaling_table
from bench.bars import Bar

Figures = dict[str, Any]


def bars(figures: Figures) -> Iterator[Bar]:
    if "closed_loop" in figures:
        yield from closed_loop_table.bars(figures["closed_loop"])
    yield from rest.bars(figures.get("rest", {}))
    if "talk" in figures:
        yield from _talk_bars(figures["talk"])
    if "latency" in figures:
        peer = figures["latency"]["peer"]["delivery"]["p99"]
        for name, found in figures["latency"].items():
            if name != "peer":
                ratio = found["delivery"]["p99"] / peer
                yield Bar(f"p99 at the peer's full load, {name}", ratio, most=0.5, unit="× peer")
    yield from _away_bars(figures.get("away", {}))
    if "fan_out" in figures:
        for name in ("uvicorn native", "daphne native"):
            rate = figures["fan_out"][name]["500"]["rate"]
            yield Bar(f"fan-out to 500 sockets, {name}", rate, least=15_000, unit="1/s")
    yield from _idle_bars(figures.get("idle", {}))
    yield from _history_bars(figures.get("history", {}))
    for name, found in figures.get("search", {}).get("member", {}).items():
        yield Bar(f"p95 of a search for {name}", found["p95"], most=50, unit="ms")
    if "first_load" in figures:
        yield from first_load.bars(figures["first_load"])
    yield from _upload_bars(figures.get("uploads", {}))


def _away_bars(away: Figures) -> Iterator[Bar]:
    if away:
        rates = {name: sum(one["rate"] for one in found) for name, found in away.items()}
        ratio = rates["with"] / rates["without"]
        yield Bar("durable messages/s with push and mail", ratio, least=0.97, unit="× without")


def _idle_bars(idle: Figures) -> Iterator[Bar]:
    for name, found in idle.items():
        if name != "peer":
            yield Bar(f"memory of an idle socket, {name}", found["bytes"] / 1024, most=40, unit="KiB")


def _history_bars(history: Figures) -> Iterator[Bar]:
    for size, found in history.items():
        ratio = found["plain_view"]["p50"] / found["page"]["p50"]
        yield Bar(f"speed of a history page, {int(size):,} messages", ratio, least=2, unit="× plain view")
        listed = found["list"]["p50"]
        yield Bar(f"p50 of a list of conversations, {int(size):,} messages", listed, most=4, unit="ms")


def _upload_bars(found: Figures) -> Iterator[Bar]:
    if not found:
        return
    beside = found["busy"]["delivery"]["p99"] / found["quiet"]["delivery"]["p99"]
    yield Bar("p99 of messages beside uploads", beside, most=1.5, unit="× quiet")
    for count, most in (("1", 8), (str(max(map(int, found["memory"]))), 40)):
        grown = found["memory"][count] / 2**20
        yield Bar(f"memory of the server for {count} × 25 MiB at once", grown, most=most, unit="MiB")
    photos = sorted(found["photo"])
    yield Bar("seconds until a photo of 12 megapixels is ready", photos[len(photos) // 2], most=1.5, unit="s")


def _talk_bars(talk: Figures) -> Iterator[Bar]:
    peer = peer_rate(talk)
    for name, least in (
        ("uvicorn native", 3.0),
        ("daphne native", 1.8),
        ("uvicorn Socket.IO", 1.5),
    ):
        yield Bar(f"durable messages/s, {name}", talk[name]["rate"] / peer, least=least, unit="× peer")
    for name in ("uvicorn native", "daphne native", "uvicorn Socket.IO"):
        each = talk[name]["per_message"]
        yield Bar(f"statements per message, {name}", each["statements"], most=0.2)
        yield Bar(f"thread hops per message, {name}", each["hops"], most=0.1)
    for name in ("embedded uvicorn", "embedded daphne"):
        yield Bar(f"durable messages/s, {name}", talk[name]["rate"], least=1_000, unit="1/s")


def peer_rate(talk: Figures) -> float:
    """Return the mean of the first and the last measurement, so that a machine that slows down is fair to both."""
    return float(talk["peer"]["rate"] + talk["peer again"]["rate"]) / 2


def all_met(figures: Figures) -> bool:
    return all(bar.is_met for bar in bars(figures))


def render(figures: Figures) -> str:
    lines: list[str] = []
    if "closed_loop" in figures:
        lines += closed_loop_table.table(figures["closed_loop"])
    if "rest" in figures:
        lines += rest.table(figures["rest"])
    if "talk" in figures:
        lines += _talk_table(figures["talk"])
    processes = figures.get("processes") or figures.get("scaling", {}).get("processes")
    if processes:
        lines += scaling_table.table(processes)
    lines += ["", *(bar.line() for bar in bars(figures)), ""]
    return "\n".join(lines)


def _talk_table(talk: Figures) -> list[str]:
    head = (
        "",
        "msg/s",
        "× peer",
        "p50 ms",
        "p99 ms",
        "ack p99",
        "CPU s/1000",
        "SQL/msg",
        "Redis/msg",
        "hops/msg",
    )
    lines = ["".join(f"{cell:>{20 if number == 0 else 11}}" for number, cell in enumerate(head))]
    for name, found in talk.items():
        each = found["per_message"]
        cells = (
            f"{found['rate']:,.0f}",
            f"{found['rate'] / peer_rate(talk):.2f}",
            f"{found['delivery']['p50']:.1f}",
            f"{found['delivery']['p99']:.1f}",
            f"{found['ack']['p99']:.1f}",
            f"{each['processor'] * 1000:.3f}",
            f"{each['statements']:.3f}",
            f"{each['redis_reads']:.3f}",
            f"{each['hops']:.4f}",
        )
        lines.append(f"{name:>20}" + "".join(f"{cell:>11}" for cell in cells))
    return lines
