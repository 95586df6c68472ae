"""The load generator: a process that reads commands as JSON lines and writes a JSON line as the answer to each.

A command names a method of `Load` and its arguments: `{"do": "talk", "seconds": 8, …}`. Times are in seconds.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

import uvloop

from bench.alone import SENDERS, Alone, Way
from bench.exchange import Exchange, message
from bench.wire import SOCKETS, Protocol, Socket


@dataclass(slots=True)
class Talk:
    """Two people in one conversation, and the times that their messages took."""

    conversation: str
    people: list[Socket]
    sent_at: dict[bytes, float] = field(default_factory=dict)
    delivered: list[float] = field(default_factory=list)
    acks: list[float] = field(default_factory=list)
    numbers: int = 0

    def start(self, name: int, window: int) -> None:
        """Let each of the two keep `window` messages under way. With 0, somebody else calls `say`."""
        for side, socket in enumerate(self.people):
            socket.on_acked = self._answering(side, f"{name}-{side}-", bool(window))
            socket.on_message = self._hearing(side)
            for _ in range(window):
                self.say(side, f"{name}-{side}-")

    def say(self, side: int, prefix: str) -> None:
        self.numbers += 1
        client_id = f"{prefix}{self.numbers}"
        self.sent_at[client_id.encode()] = time.perf_counter()
        self.people[side].send("send_message", message(self.conversation, client_id))

    def _answering(self, side: int, prefix: str, again: bool) -> Any:
        def on_acked(seconds: float) -> None:
            self.acks.append(seconds)
            if again:
                self.say(side, prefix)

        return on_acked

    def _hearing(self, side: int) -> Any:
        """Record when the other side has the message. The sender's own copy does not count."""
        own = f"-{side}-".encode()

        def on_message(payload: bytes) -> None:
            begin = payload.index(b'"clientId":"') + 12
            client_id = payload[begin : payload.index(b'"', begin)]
            if own not in client_id:
                sent = self.sent_at.pop(client_id, None)
                if sent is not None:
                    self.delivered.append(time.perf_counter() - sent)

        return on_message

    def silence(self) -> None:
        for socket in self.people:
            socket.on_acked = lambda seconds: None
            socket.on_message = lambda payload: None


class Load:
    def __init__(self) -> None:
        self.idle: list[Socket] = []
        self.talks: list[Talk] = []
        self.room: list[Socket] = []

    async def connect(
        self, *, protocol: Protocol, ports: list[int], tokens: list[str], at_once: int
    ) -> dict[str, Any]:
        """Open sockets that stay idle, `at_once` of them at a time."""
        waiting = iter(enumerate(tokens))
        began = time.perf_counter()

        async def connect_some() -> None:
            for number, token in waiting:
                socket = await SOCKETS[protocol].connect(token, "127.0.0.1", ports[number % len(ports)])
                self.idle.append(socket)

        await asyncio.gather(*(connect_some() for _ in range(at_once)))
        return {"sockets": len(tokens), "seconds": time.perf_counter() - began}

    async def arrive(
        self, *, protocol: Protocol, ports: list[int], pairs: list[dict[str, Any]], at_once: int
    ) -> dict[str, Any]:
        """Connect, authenticate and join both people of each pair, `at_once` people at a time."""
        waiting = iter([(pair["conversation"], token) for pair in pairs for token in pair["tokens"]])
        times: list[float] = []
        began = time.perf_counter()

        async def arrive_some() -> None:
            for conversation, token in waiting:
                started = time.perf_counter()
                socket = await SOCKETS[protocol].connect(token, "127.0.0.1", ports[0])
                self.idle.append(socket)
                await socket.join(str(conversation))
                times.append(time.perf_counter() - started)

        await asyncio.gather(*(arrive_some() for _ in range(at_once)))
        return {"seconds": time.perf_counter() - began, "arrival": _percentiles(sorted(times))}

    async def join(
        self, *, protocol: Protocol, ports: list[int], pairs: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Connect the two people of each pair, to different processes if there are several, and join."""
        for pair in pairs:
            people = []
            for side, token in enumerate(pair["tokens"]):
                port = ports[side % len(ports)]
                people.append(await SOCKETS[protocol].connect(token, "127.0.0.1", port))
            self.talks.append(Talk(pair["conversation"], people))
        await asyncio.gather(
            *(socket.join(talk.conversation) for talk in self.talks for socket in talk.people)
        )
        return {"pairs": len(self.talks)}

    async def talk(self, *, seconds: float, warm_up: float, window: int, rate: float = 0) -> dict[str, Any]:
        """Let everybody write: `window` messages under way for each person, or `rate` messages a second in all."""
        steady = None
        for number, talk in enumerate(self.talks):
            talk.start(number, 0 if rate else window)
        if rate:
            steady = asyncio.create_task(self._say_steadily(rate))
        await asyncio.sleep(warm_up)
        for talk in self.talks:
            talk.acks.clear()
            talk.delivered.clear()
        took, share = await _measure(seconds)
        acks = sorted(value for talk in self.talks for value in talk.acks)
        delivered = sorted(value for talk in self.talks for value in talk.delivered)
        if steady is not None:
            steady.cancel()
        for talk in self.talks:
            talk.silence()
        return {
            "messages": len(acks),
            "seconds": took,
            "load_share": share,
            "ack": _percentiles(acks),
            "delivery": _percentiles(delivered),
        }

    async def take_turns(self, *, seconds: float, warm_up: float) -> dict[str, Any]:
        """Keep one message of each pair under way."""
        exchanges = [Exchange(talk.conversation, talk.people) for talk in self.talks]
        for exchange in exchanges:
            exchange.start()
        await asyncio.sleep(warm_up)
        for exchange in exchanges:
            exchange.times.clear()
        took, share = await _measure(seconds)
        times = sorted(value for exchange in exchanges for value in exchange.times)
        for exchange in exchanges:
            exchange.stop()
        return {
            "messages": len(times),
            "seconds": took,
            "load_share": share,
            "exchange": _percentiles(times),
        }

    async def send_alone(
        self, *, way: Way, port: int, pair: dict[str, Any], seconds: float, warm_up: float
    ) -> dict[str, Any]:
        """Let one person send, over a socket or over REST, with one message under way."""
        sender = await SENDERS[way].open(pair["conversation"], pair["tokens"][0], "127.0.0.1", port)
        alone = Alone(sender)
        sending = asyncio.create_task(alone.run())
        await asyncio.sleep(warm_up)
        alone.times.clear()
        took, share = await _measure(seconds)
        if sending.done():
            sending.result()  # raises its error
        sending.cancel()
        sender.close()
        times = sorted(alone.times)
        return {"messages": len(times), "seconds": took, "load_share": share, "ack": _percentiles(times)}

    async def _say_steadily(self, rate: float) -> None:
        """Send in an open loop: a slow message does not delay the next one."""
        order = [(number, side) for number in range(len(self.talks)) for side in (0, 1)]
        random.Random(7).shuffle(order)
        began = time.perf_counter()
        said = 0
        while True:
            due = int((time.perf_counter() - began) * rate)
            while said < due:
                number, side = order[said % len(order)]
                self.talks[number].say(side, f"{number}-{side}-")
                said += 1
            await asyncio.sleep(0.001)

    async def fan_out(
        self,
        *,
        protocol: Protocol,
        ports: list[int],
        conversation: str,
        tokens: list[str],
        window: int,
        seconds: float,
    ) -> dict[str, Any]:
        """Let one person write, and everybody who joined the conversation listen."""
        for number, token in enumerate(tokens):
            socket = await SOCKETS[protocol].connect(token, "127.0.0.1", ports[number % len(ports)])
            self.room.append(socket)
            await socket.join(conversation)
        talk = Talk(conversation, self.room[:1])
        talk.start(0, window)
        await asyncio.sleep(1.0)
        talk.acks.clear()
        before, began = sum(socket.messages for socket in self.room), time.perf_counter()
        await asyncio.sleep(seconds)
        deliveries = sum(socket.messages for socket in self.room) - before
        took = time.perf_counter() - began
        talk.silence()
        acks = len(talk.acks)
        await asyncio.sleep(1.0)
        return {"deliveries": deliveries, "messages": acks, "seconds": took, "sockets": len(tokens)}

    async def leave(self) -> dict[str, Any]:
        """Close every socket."""
        everybody = self.idle + self.room + [socket for talk in self.talks for socket in talk.people]
        for socket in everybody:
            socket.close()
        self.idle, self.talks, self.room = [], [], []
        gc.collect()
        await asyncio.sleep(0.5)
        return {"left": len(everybody)}


async def _measure(seconds: float) -> tuple[float, float]:
    """Tell the caller when the measurement begins and ends. Return its length, and the share of the generator's core
    that the generator itself used."""
    began, processor = time.perf_counter(), time.process_time()
    _say({"measuring": True})
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    own = time.process_time() - processor
    _say({"measured": True})
    return took, own / took


def _percentiles(values: list[float]) -> dict[str, float]:
    """Return percentiles in milliseconds of sorted seconds."""
    if not values:
        return {"p50": 0.0, "p99": 0.0, "count": 0}
    at = {name: values[min(len(values) - 1, int(len(values) * part))] for name, part in _PARTS}
    return {**{name: round(value * 1000, 3) for name, value in at.items()}, "count": len(values)}


_PARTS: Final = (("p50", 0.50), ("p99", 0.99))


def _say(words: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=2**27)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    load = Load()
    while line := await lines.readline():
        order = json.loads(line)
        answer = await getattr(load, order.pop("do"))(**order)
        _say({"answer": answer})


if __name__ == "__main__":
    gc.disable()  # a pause of the load generator would be counted as the server's
    uvloop.run(serve())
