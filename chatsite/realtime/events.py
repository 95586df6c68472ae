"""An event on its way: encoded once, written to any number of sockets on any transport."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec

StructT = TypeVar("StructT", bound=msgspec.Struct)
_NO_NOTE = msgspec.msgpack.encode(None)


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

    `rev` is the event's place in its group's order (0: the event has no order). `exclude_user` gets no copy. `note` is
    a struct for the app that sent the event: clients do not get it, and the app's `on_delivered` hook does. An event
    whose name starts with `~` is a control message for the group's sessions, and never reaches a client.
    """

    __slots__ = ("_native", "_note", "data", "exclude_user", "name", "rev", "socketio")

    def __init__(
        self,
        name: str,
        data: bytes,
        *,
        rev: int = 0,
        exclude_user: str | None = None,
        note: msgspec.Struct | bytes | None = None,
    ) -> None:
        self.name = name
        self.data = data
        self.rev = rev
        self.exclude_user = exclude_user
        self.socketio: bytes | None = None  # the Socket.IO packet, once that transport has made it
        self._note = note
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
        """The text of the native WebSocket frame, made once."""
        if self._native is None:
            self._native = b'{"event":"%b","data":%b}' % (self.name.encode(), self.data)
        return self._native

    def data_as(self, struct: type[StructT]) -> StructT:
        return msgspec.json.decode(self.data, type=struct)

    @property
    def has_note(self) -> bool:
        return self._note is not None

    def note_as(self, struct: type[StructT]) -> StructT:
        """Return the note, which has come encoded from another process."""
        if not isinstance(self._note, struct):
            assert isinstance(self._note, bytes), f"{self.name} has no {struct.__name__}"
            self._note = msgspec.msgpack.decode(self._note, type=struct)
        return self._note

    def packed(self) -> list[Any]:
        return [self.name, self.data, self.rev, self.exclude_user, self._note]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes, int, str | None, msgspec.Raw]]).decode


def pack(events: list[Event]) -> bytes:
    """Encode events for other processes."""
    return _pack([event.packed() for event in events])


def unpack(packed: bytes) -> list[Event]:
    return [
        Event(name, data, rev=rev, exclude_user=exclude_user, note=None if note == _NO_NOTE else note)
        for name, data, rev, exclude_user, raw in _unpack(packed)
        for note in (bytes(raw),)
    ]
