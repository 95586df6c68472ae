"""One WebSocket connection: calls, their answers, and events."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from business_chat_client.errors import ChatError, ConnectionLost

logger = logging.getLogger(__name__)

FRAME_BYTES: Final = 64 * 1024  # the server closes a socket that sends more
ANSWER_BYTES: Final = 128 * 1024 * 1024  # far above the server's limit for an answer
CLOSED_BY_US: Final = 1000
# What a server sends that cannot send a code of RFC 6455. Other codes from 3000 have meanings of their own.
SUBSTITUTES: Final = {3008: 1008, 3009: 1009, 3012: 1012, 3013: 1013}
# Error codes for a frame that the server could not read. The error then has no `ref`.
BAD_FRAME: Final = frozenset({"invalid", "too_large"})


class Frame(msgspec.Struct):
    event: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    ref: int | str | None = None


class _Refusal(msgspec.Struct):
    code: str
    message: str
    details: dict[str, Any] | None = None


_decode_frame = msgspec.json.Decoder(Frame).decode
_decode_refusal = msgspec.json.Decoder(_Refusal).decode


def encode_call(event: str, data: Mapping[str, Any], ref: int) -> str:
    """Encode a frame. Raise `too_large` if the server would close the socket, and `invalid` if it is not text."""
    try:
        frame = msgspec.json.encode({"event": event, "data": data, "ref": ref})
    except UnicodeEncodeError as error:
        raise ChatError("invalid", "The text has characters that are not valid Unicode.") from error
    if len(frame) > FRAME_BYTES:
        raise ChatError("too_large", f"A frame can have at most {FRAME_BYTES} bytes.", {"limit": FRAME_BYTES})
    return frame.decode()


class Connection:
    """`open` creates it. `pushed` gets every event in order. `lost` is called once, before pending calls fail."""

    def __init__(
        self,
        connection: ClientConnection,
        pushed: Callable[[Frame], None],
        lost: Callable[[Connection], None],
        answer_within: float,
    ) -> None:
        self.is_over = False
        self.last_received = asyncio.get_running_loop().time()
        self._connection = connection
        self._pushed = pushed
        self._lost = lost
        self._answer_within = answer_within
        self._refs = itertools.count(1)
        self._calls: dict[int | str, asyncio.Future[msgspec.Raw]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(
        cls,
        url: str,
        headers: Mapping[str, str],
        pushed: Callable[[Frame], None],
        lost: Callable[[Connection], None],
        *,
        answer_within: float,
        trust_env: bool,
    ) -> Self:
        """Connect. Raises `OSError`, `TimeoutError` or a `WebSocketException` on failure."""
        connection = await connect(
            url,
            additional_headers=headers,
            open_timeout=10,
            close_timeout=2,
            ping_interval=None,  # the heartbeat checks more: the server's event loop, and the `rev` of conversations
            max_size=ANSWER_BYTES,
            compression=None,
            proxy=True if trust_env else None,
        )
        return cls(connection, pushed, lost, answer_within)

    async def call(self, event: str, data: Mapping[str, Any]) -> msgspec.Raw:
        """Return the data of the ack.

        Raises `ChatError` for an error of the server, `TimeoutError` without an answer in time, and `ConnectionLost`
        if the connection ends.
        """
        ref = next(self._refs)
        frame = encode_call(event, data, ref)
        if self.is_over:
            raise self._loss()
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._calls[ref] = answer
        try:
            async with asyncio.timeout(self._answer_within):
                await self._connection.send(frame)
                return await answer
        except ConnectionClosed as closed:
            await self.over()  # an immediate retry must not get this connection again
            raise self._loss() from closed
        finally:
            del self._calls[ref]

    async def over(self) -> int | None:
        """Wait until the connection has ended. Return its close code."""
        await asyncio.shield(self._reader)
        return self._close_code()

    def abort(self) -> None:
        """End the connection without a close frame, which the other side would not answer."""
        self._connection.transport.abort()

    async def close(self) -> None:
        await self._connection.close(CLOSED_BY_US)
        await self._reader

    def _loss(self) -> ConnectionLost:
        return ConnectionLost(self._close_code(), self._connection.close_reason or "")

    def _close_code(self) -> int | None:
        code = self._connection.close_code
        return SUBSTITUTES.get(code, code) if code is not None else None

    async def _read(self) -> None:
        try:
            async for text in self._connection:
                self.last_received = asyncio.get_running_loop().time()
                self._take(_decode_frame(text))
        except ConnectionClosed as closed:
            logger.debug("the connection ended: %s", closed)
        except msgspec.MsgspecError:
            logger.exception("the server sent something that is not of the protocol; reconnecting")
            self.abort()
        finally:
            self.is_over = True
            self._lost(self)
            for answer in self._calls.values():
                if not answer.done():
                    answer.set_exception(self._loss())
                    answer.exception()  # if the frame could not even be sent, the call raises that error instead

    def _take(self, frame: Frame) -> None:
        ref = frame.ref if frame.ref is not None else self._ref_of_bad_frame(frame)
        if ref is None:
            self._pushed(frame)
            return
        answer = self._calls.get(ref)
        if answer is None or answer.done():
            return  # its caller was cancelled
        if frame.event == "error":
            refusal = _decode_refusal(frame.data)
            answer.set_exception(ChatError(refusal.code, refusal.message, refusal.details))
        else:
            answer.set_result(frame.data)

    def _ref_of_bad_frame(self, frame: Frame) -> int | str | None:
        """Assign an error without a `ref` to the pending call, if there is only one."""
        if frame.event != "error" or len(self._calls) != 1:
            return None
        return next(iter(self._calls)) if _decode_refusal(frame.data).code in BAD_FRAME else None
