"""The tokens of the client's user. They are renewed before they expire."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from business_chat_client.errors import ChatError
from business_chat_client.pushes import TokenPair

AHEAD: Final = 30  # seconds before its end at which an access token is replaced

# Sends `body` to an address below /auth without credentials; raises `ChatError`.
Exchange = Callable[[str, dict[str, str]], Awaitable[TokenPair]]


class _Claims(msgspec.Struct):
    exp: float | None = None


class Credentials:
    """Provides a valid access token. Needs a username and a password, a refresh token, or an access token, with
    which the client ends when the token expires.

    A refresh token works once, so concurrent callers share one renewal.
    """

    def __init__(self, *, username: str, password: str, access: str, refresh: str) -> None:
        if not (username or access or refresh):
            raise ValueError("ChatClient needs username and password, or an access or refresh token")
        self._username = username
        self._password = password
        self._access = access
        self._refresh = refresh
        self._renewing = asyncio.Lock()

    @property
    def refresh_token(self) -> str:
        """The newest refresh token, to keep for the next start; empty if there is none."""
        return self._refresh

    async def access(self, exchange: Exchange) -> str:
        """Return a token. Raises `ChatError`: `unauthenticated` without credentials, `unavailable` without a server."""
        if not self._access or (_ends_soon(self._access) and (self._refresh or self._username)):
            return await self.renew(exchange, self._access)
        return self._access

    async def renew(self, exchange: Exchange, rejected: str) -> str:
        """Replace the rejected token, unless another caller has renewed it already."""
        async with self._renewing:
            if self._access and self._access != rejected:
                return self._access
            pair = await self._exchange(exchange)
            self._access, self._refresh = pair.access, pair.refresh or self._refresh
            return self._access

    async def _exchange(self, exchange: Exchange) -> TokenPair:
        if self._refresh:
            try:
                return await exchange("/auth/token/refresh", {"refresh": self._refresh})
            except ChatError as error:
                if error.code != "unauthenticated":
                    raise
                self._refresh = ""  # used already, perhaps by an attempt whose answer was lost
        if not self._username:
            raise ChatError(
                "unauthenticated", "The tokens have expired, and there is no password to get new ones."
            )
        return await exchange("/auth/token", {"username": self._username, "password": self._password})


def _ends_soon(token: str) -> bool:
    """Return whether the token expires soon, by its own claims, which only the server verifies.

    False unless it is a JWT.
    """
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims
        )
    except (IndexError, ValueError):
        return False
    return claims.exp is not None and claims.exp - time.time() < AHEAD
