"""A closed loop: two people take turns, and one message is under way at a time."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from bench.wire import Socket

TEXT: Final = "Is the blue touring bike in size M still available? I could come by on Thursday after five."


def message(conversation: str, client_id: str) -> str:
    """Return the data of a `send_message` frame as JSON."""
    return f'{{"conversationId":"{conversation}","content":"{TEXT}","messageType":"text","clientId":"{client_id}"}}'


class Exchange:
    """Send the next message once the other side has received the last one and its sender has the ack."""

    def __init__(self, conversation: str, people: list[Socket]) -> None:
        self.times: list[float] = []
        self._conversation = conversation
        self._people = people
        self._sent = 0
        self._sent_at = 0.0
        self._marker = b""
        self._is_acked = self._is_delivered = self._is_stopped = False
        for side, socket in enumerate(people):
            socket.on_acked = partial(self._acked, side)
            socket.on_message = partial(self._received, side)

    def start(self) -> None:
        self._send()

    def stop(self) -> None:
        self._is_stopped = True

    @property
    def _sender(self) -> int:
        return self._sent % 2

    def _send(self) -> None:
        self._sent += 1
        client_id = f"turn-{id(self)}-{self._sent}"
        self._marker = f'"clientId":"{client_id}"'.encode()
        self._is_acked = self._is_delivered = False
        self._sent_at = time.perf_counter()
        self._people[self._sender].send("send_message", message(self._conversation, client_id))

    def _acked(self, side: int, seconds: float) -> None:
        if side == self._sender:
            self._is_acked = True
            self._go_on()

    def _received(self, side: int, payload: bytes) -> None:
        if side != self._sender and self._marker in payload:
            self._is_delivered = True
            self._go_on()

    def _go_on(self) -> None:
        if self._is_acked and self._is_delivered and not self._is_stopped:
            self.times.append(time.perf_counter() - self._sent_at)
            self._send()
