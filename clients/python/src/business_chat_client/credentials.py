"""The tokens of the client's user. They are renewed before they expire."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from business_chat_client.errors import ChatError
from business_chat_client.objects import TokenPair

AHEAD: Final = 30  # seconds before its end at which an access token is replaced

# Sends `body` to an address below /auth without credentials; raises `ChatError`.
Exchange = Callable[[str, dict[str, str]], Awaitable[TokenPair]]


class _Claims(msgspec.Struct):
    exp: float | None = None


class Credentials:
    """Gives out an access token that is good now. Needs a username and a password, a refresh token, or an access
    token, with which the client ends when that does.

    However many ask at once, tokens are renewed once: a refresh token is good for one use.
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
        """The newest refresh token, to be kept for the next start; empty where there is none."""
        return self._refresh

    async def access(self, exchange: Exchange) -> str:
        """Raises `ChatError`: `unauthenticated` where no way to a token is left, `unavailable` while there is none."""
        if not self._access or (_ends_soon(self._access) and (self._refresh or self._username)):
            return await self.renew(exchange, self._access)
        return self._access

    async def renew(self, exchange: Exchange, rejected: str) -> str:
        """A token in place of the rejected one, unless another caller has renewed it already."""
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
                self._refresh = ""  # used up, by a try whose answer was lost perhaps
        if not self._username:
            raise ChatError(
                "unauthenticated", "The tokens have expired, and there is no password to get new ones."
            )
        return await exchange("/auth/token", {"username": self._username, "password": self._password})


def _ends_soon(token: str) -> bool:
    """By the token's own word, which is not checked: the server does that. Other tokens than JWT never end here."""
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims
        )
    except (IndexError, ValueError):
        return False
    return claims.exp is not None and claims.exp - time.time() < AHEAD
