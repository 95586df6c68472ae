"""An event on its way: encoded once, written to any number of sockets on any transport."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from chatsite.realtime import registry


class ErrorObject(msgspec.Struct, omit_defaults=True):
    """`error`: a refusal, with a code of the closed list. `message` is for people, `details` for programs."""

    code: str
    message: str
    details: dict[str, Any] | None = None


class ExpiringEvent(msgspec.Struct, rename="camel", kw_only=True):
    """`session_expiring`: send `authenticate` with a fresh token before that."""

    expires_at: datetime


class StoppingEvent(msgspec.Struct, rename="camel", kw_only=True):
    """`server_stopping`: come back after so many seconds."""

    retry_after: float


class Event:
    """What happened, as `name` and JSON `data`.

    `rev` is the event's place in its group's order (0: no order). `exclude_user` gets no copy. `note` rides along for
    the app that sent it: when the event has been handed to a socket, the app's `handed` hook sees it. A name that
    starts with `~` is an order to the sessions of the group and never reaches a client.
    """

    __slots__ = ("_native", "data", "exclude_user", "name", "note", "rev", "socketio")

    def __init__(
        self,
        name: str,
        data: bytes,
        *,
        rev: int = 0,
        exclude_user: str | None = None,
        note: list[Any] | None = None,
    ) -> None:
        self.name = name
        self.data = data
        self.rev = rev
        self.exclude_user = exclude_user
        self.note = note
        self.socketio: bytes | None = None  # the Socket.IO packet, once that transport has made it
        self._native: bytes | None = None

    @classmethod
    def of(cls, name: str, data: Any, **options: Any) -> Event:
        """Encode `data` (structs, dicts, UUIDs, times) as JSON."""
        return cls(name, msgspec.json.encode(data), **options)

    @property
    def is_control(self) -> bool:
        return self.name.startswith("~")

    @property
    def native(self) -> bytes:
        """The native WebSocket frame's text, made once."""
        if self._native is None:
            self._native = b'{"event":"%b","data":%b}' % (self.name.encode(), self.data)
        return self._native

    def packed(self) -> list[Any]:
        return [self.name, self.data, self.rev, self.exclude_user, self.note]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes, int, str | None, list[Any] | None]]).decode


def pack(events: list[Event]) -> bytes:
    """For the way between processes."""
    return _pack([event.packed() for event in events])


def unpack(packed: bytes) -> list[Event]:
    return [
        Event(name, data, rev=rev, exclude_user=exclude_user, note=note)
        for name, data, rev, exclude_user, note in _unpack(packed)
    ]


registry.event("error", ErrorObject, "The socket that asked.")
registry.event("server_stopping", StoppingEvent, "Every socket of a process that ends.")
registry.event("session_expiring", ExpiringEvent, "A socket whose access token ends within a minute.")
