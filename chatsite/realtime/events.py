"""Events: encoded once, and written to any number of sockets on any transport."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec

StructT = TypeVar("StructT", bound=msgspec.Struct)
_NO_NOTE = msgspec.msgpack.encode(None)


class ErrorObject(msgspec.Struct, omit_defaults=True):
    """`error`: a code of the closed list, a `message` for people, and `details` for programs."""

    code: str
    message: str
    details: dict[str, Any] | None = None


class ExpiringEvent(msgspec.Struct, rename="camel", kw_only=True):
    """`session_expiring`: send `authenticate` with a new token before this time."""

    expires_at: datetime


class StoppingEvent(msgspec.Struct, rename="camel", kw_only=True):
    """`server_stopping`: reconnect after this many seconds."""

    retry_after: float


class Event:
    """An event with its `name` and its `data` as JSON.

    `rev` is the position of the event in the order of its group; 0 means no order. `exclude_user`, one user or several,
    does not get the event. `note` is a struct for the app that sent the event: its `on_delivered` hook gets it, and
    clients do not. An event whose name starts with `~` is a control message for the sessions of the group. It never
    reaches a client.
    """

    __slots__ = ("_native", "_note", "data", "exclude_user", "name", "rev", "socketio")

    def __init__(
        self,
        name: str,
        data: bytes,
        *,
        rev: int = 0,
        exclude_user: str | list[str] | None = None,
        note: msgspec.Struct | bytes | None = None,
    ) -> None:
        self.name = name
        self.data = data
        self.rev = rev
        self.exclude_user = exclude_user
        self.socketio: bytes | None = None  # the Socket.IO packet, cached by that transport
        self._note = note
        self._native: bytes | None = None

    @classmethod
    def of(cls, name: str, data: Any, **options: Any) -> Event:
        """Encode `data` (structs, dicts, UUIDs, times) as JSON."""
        return cls(name, msgspec.json.encode(data), **options)

    @property
    def is_control(self) -> bool:
        return self.name.startswith("~")

    def is_for(self, user_id: str) -> bool:
        excluded = self.exclude_user
        return user_id not in excluded if isinstance(excluded, list) else user_id != excluded

    @property
    def native(self) -> bytes:
        """The text of the native WebSocket frame, cached."""
        if self._native is None:
            self._native = b'{"event":"%b","data":%b}' % (self.name.encode(), self.data)
        return self._native

    def data_as(self, struct: type[StructT]) -> StructT:
        return msgspec.json.decode(self.data, type=struct)

    @property
    def has_note(self) -> bool:
        return self._note is not None

    def note_as(self, struct: type[StructT]) -> StructT:
        """Return the note. A note from another process is decoded first."""
        if not isinstance(self._note, struct):
            assert isinstance(self._note, bytes), f"{self.name} has no {struct.__name__}"
            self._note = msgspec.msgpack.decode(self._note, type=struct)
        return self._note

    def packed(self) -> list[Any]:
        return [self.name, self.data, self.rev, self.exclude_user, self._note]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes, int, str | list[str] | None, msgspec.Raw]]).decode


def pack(events: list[Event]) -> bytes:
    """Encode events for other processes."""
    return _pack([event.packed() for event in events])


def unpack(packed: bytes) -> list[Event]:
    return [
        Event(name, data, rev=rev, exclude_user=exclude_user, note=None if note == _NO_NOTE else note)
        for name, data, rev, exclude_user, raw in _unpack(packed)
        for note in (bytes(raw),)
    ]
