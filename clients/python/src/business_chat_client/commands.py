"""Send commands over the current connection, and repeat them a limited number of times."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from business_chat_client.backoff import Backoff
from business_chat_client.connection import Connection
from business_chat_client.errors import ChatError, ConnectionLost

logger = logging.getLogger(__name__)

TIMEOUT_ATTEMPTS: Final = 4
DISCONNECT_ATTEMPTS: Final = 20
REFUSED_FRAME_ATTEMPTS: Final = 2  # two, because another command's frame may have closed the connection
# Close codes with which a server refuses a frame.
REFUSED_FRAME: Final = frozenset({1002, 1003, 1007, 1009})


class Commands:
    """Repeats each command until it is answered, which is safe. `connection()` waits for a connection."""

    def __init__(self, connection: Callable[[], Awaitable[Connection]]) -> None:
        self._connection = connection

    async def request(self, event: str, data: Mapping[str, Any]) -> msgspec.Raw:
        """Return the data of the ack.

        Raises `ChatError` with the server's error, or with `timeout` or `disconnected` if no attempt was answered.
        """
        backoff, attempts = Backoff(), 0
        while True:
            connection = await self._connection()
            try:
                return await connection.call(event, data)
            except ConnectionLost as lost:
                attempts += 1
                _give_up_after(attempts, _disconnect_attempts(lost), _disconnected(lost))
                logger.debug("%s got no answer; sending it again on the next connection", event)
            except TimeoutError:
                attempts += 1
                _give_up_after(
                    attempts, TIMEOUT_ATTEMPTS, ChatError("timeout", f"The server does not answer {event}.")
                )
                await asyncio.sleep(backoff.next())
            except ChatError as error:
                if not error.is_transient:
                    raise
                await asyncio.sleep(max(error.retry_after, backoff.next()))


def _give_up_after(attempts: int, limit: int, error: ChatError) -> None:
    if attempts >= limit:
        raise error


def _disconnect_attempts(lost: ConnectionLost) -> int:
    return REFUSED_FRAME_ATTEMPTS if lost.code in REFUSED_FRAME else DISCONNECT_ATTEMPTS


def _disconnected(lost: ConnectionLost) -> ChatError:
    if lost.code == 1009:
        return ChatError("too_large", "The server closed the connection because this frame is too long.")
    if lost.code in REFUSED_FRAME:
        return ChatError("invalid", "The server closed the connection because it cannot read this frame.")
    return ChatError("disconnected", "The connection ended several times before the answer arrived.")
