"""What stands between a session and a socket: native WebSocket, Socket.IO over WebSocket, or long polling."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeAlias

from chatsite.errors import DomainError
from chatsite.realtime.events import Event
from chatsite.realtime.outbox import FrameWriter

Ref: TypeAlias = Any  # whatever the transport needs to address the answer; None where the client wants none


class Close:
    """Close codes. 4xxx are ours; after each of them a client may reconnect and `sync`, with fresh credentials
    after UNAUTHENTICATED."""

    RESTART: Final = 1012  # the process ends; `server_stopping` has said when to come back
    POLICY: Final = 1008  # a flood
    TOO_BIG: Final = 1009
    TRY_LATER: Final = 1013
    SLOW_READER: Final = 4008
    UNAUTHENTICATED: Final = 4401  # no, bad, expired or revoked credentials
    ACCESS_CHANGED: Final = 4403  # no longer a member of a business


class Transport(FrameWriter, Protocol):
    """What a session needs of the socket below it. Frames are texts in UTF-8."""

    @property
    def kind(self) -> str:
        """`native`, `socketio` or `polling`."""
        ...

    def encode(self, event: Event) -> bytes: ...

    def encode_ack(self, ref: Ref, data: bytes) -> bytes: ...

    def encode_error(self, ref: Ref, error: DomainError) -> bytes: ...

    async def close(self, code: int, reason: str) -> None: ...
