"""The interfaces between a session, its outbox and the socket below: native WebSocket, Socket.IO or long polling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol, TypeAlias

from chatsite.errors import DomainError
from chatsite.realtime.events import Event

Ref: TypeAlias = Any  # what a transport needs to address an answer; None if the client wants no answer


class Close:
    """Close codes. Codes from 4000 are our own. A client may reconnect and `sync` after each of them; after
    UNAUTHENTICATED it needs new credentials.
    """

    RESTART: Final = 1012  # the process shuts down; `server_stopping` says when to reconnect
    POLICY: Final = 1008  # too many frames
    TOO_BIG: Final = 1009
    TRY_LATER: Final = 1013
    SLOW_READER: Final = 4008
    UNAUTHENTICATED: Final = 4401  # no, bad, expired or revoked credentials
    ACCESS_CHANGED: Final = 4403  # no longer a member of a business


class FrameWriter(Protocol):
    """The part of a transport that an outbox uses. Frames are texts in UTF-8."""

    def write_now(self, frames: Iterable[bytes]) -> bool:
        """Write all frames without waiting. Return False if that is impossible now; then nothing was written."""

    async def write(self, frame: bytes) -> None:
        """Write one frame, waiting for the socket."""


class Transport(FrameWriter, Protocol):
    """The socket below a session."""

    @property
    def kind(self) -> str:
        """`native`, `socketio` or `polling`."""
        ...

    def encode(self, event: Event) -> bytes: ...

    def encode_ack(self, ref: Ref, data: bytes) -> bytes: ...

    def encode_error(self, ref: Ref, error: DomainError) -> bytes: ...

    async def close(self, code: int, reason: str) -> None: ...
