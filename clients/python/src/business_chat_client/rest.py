"""REST calls to the first server that answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from business_chat_client.backoff import Backoff
from business_chat_client.credentials import Credentials
from business_chat_client.decoding import decode
from business_chat_client.errors import ChatError
from business_chat_client.pushes import Page, TokenPair

Answer = TypeVar("Answer")

MAX_ROUNDS: Final = 4  # rounds over all addresses before `unavailable` is raised
PAGE: Final = 200  # the maximum of rows on one page
TIMEOUT: Final = 20.0  # seconds for one request


class Addresses:
    """The servers, as `http(s)://HOST[/prefix]`. One is in use; the next one is used when it fails."""

    def __init__(self, urls: Sequence[str]) -> None:
        if not urls:
            raise ValueError("ChatClient needs at least one URL")
        for url in urls:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"not an http(s) URL: {url}")
        self._urls = [url.rstrip("/") for url in urls]
        self._current = 0

    def __len__(self) -> int:
        return len(self._urls)

    @property
    def current(self) -> str:
        return self._urls[self._current]

    def give_up(self, url: str) -> None:
        """Switch from `url`, which did not answer, unless another call has done it already."""
        if url == self.current:
            self._current = (self._current + 1) % len(self._urls)


class _Error(msgspec.Struct):
    code: str
    message: str
    details: dict[str, Any] | None = None


class _ErrorBody(msgspec.Struct):
    error: _Error


@cache
def _authorities(trust_env: bool) -> ssl.SSLContext:
    """Load the certificates once for all clients of a process, because it takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=trust_env)


class Rest:
    """All requests here are safe to repeat, so a request without an answer is sent to the next server."""

    def __init__(
        self, addresses: Addresses, credentials: Credentials, headers: Mapping[str, str], trust_env: bool
    ) -> None:
        self._addresses = addresses
        self._credentials = credentials
        self._http = httpx.AsyncClient(
            headers=dict(headers), timeout=TIMEOUT, trust_env=trust_env, verify=_authorities(trust_env)
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def call(
        self,
        answer: type[Answer],
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        /,
        **parameters: str | int | bool | None,
    ) -> Answer:
        """Return the answer decoded as `answer`: NoneType for one without a body, bytes for a file.

        Raises `ChatError`; `unavailable` if no server answered in several rounds.
        """
        token = await self.access()
        try:
            return await self._try(answer, method, path, body, parameters, token)
        except ChatError as error:
            if error.code != "unauthenticated":
                raise
        token = await self._credentials.renew(self._exchange, token)
        return await self._try(answer, method, path, body, parameters, token)

    async def upload(
        self, answer: type[Answer], path: str, name: str, content: bytes, fields: dict[str, str]
    ) -> Answer:
        """Upload one file, as a form. A repeated upload may leave an unused file, which the server deletes."""
        given = {field: value for field, value in fields.items() if value}
        form: dict[str, Any] = {"files": {"file": (name, content)}, "data": given}
        token = await self.access()
        try:
            return await self._try(answer, "POST", path, None, {}, token, form)
        except ChatError as error:
            if error.code != "unauthenticated":
                raise
        token = await self._credentials.renew(self._exchange, token)
        return await self._try(answer, "POST", path, None, {}, token, form)

    async def rows(
        self, page: type[Page[Answer]], path: str, **parameters: str | int | bool | None
    ) -> AsyncIterator[Answer]:
        """Yield the rows of all pages. Each page is fetched when it is needed."""
        cursor = None
        while True:
            found = await self.call(page, "GET", path, None, cursor=cursor, limit=PAGE, **parameters)
            for row in found.results:
                yield row
            cursor = _cursor_of(found.next)
            if cursor is None:
                return

    async def access(self) -> str:
        return await self._credentials.access(self._exchange)

    async def renew(self, rejected: str) -> str:
        return await self._credentials.renew(self._exchange, rejected)

    async def _exchange(self, path: str, body: dict[str, str]) -> TokenPair:
        return await self._try(TokenPair, "POST", path, body, {}, "")

    async def _try(
        self,
        answer: type[Answer],
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        parameters: Mapping[str, str | int | bool | None],
        token: str,
        form: Mapping[str, Any] | None = None,
    ) -> Answer:
        backoff = Backoff()
        for attempt in range(1, MAX_ROUNDS * len(self._addresses) + 1):
            url = self._addresses.current
            if self._http.is_closed:
                raise ChatError("closed", "The client has been closed.")
            try:
                response = await self._http.request(
                    method,
                    url + path,
                    json=body,
                    **(form or {}),
                    params=_given(parameters),
                    headers={"Authorization": f"Bearer {token}"} if token else None,
                    # A redirect to the bucket of a file. httpx removes the token for another host.
                    follow_redirects=answer is bytes,
                )
                return _parsed(answer, response)
            except httpx.TransportError:
                self._addresses.give_up(url)
                pause = 0.0 if attempt % len(self._addresses) else backoff.next()
            except ChatError as error:
                if not error.is_transient or error.retry_after > TIMEOUT:
                    raise
                pause = max(error.retry_after, backoff.next())
            await asyncio.sleep(pause)
        raise ChatError("unavailable", "No server answered.")


def _given(parameters: Mapping[str, str | int | bool | None]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
        if value is not None
    }


def _parsed(answer: type[Answer], response: httpx.Response) -> Answer:
    if response.is_success:
        if answer is NoneType:
            return cast(Answer, None)
        if answer is bytes:
            return cast(Answer, response.content)
        return decode(response.content, answer)
    try:
        error = msgspec.json.decode(response.content, type=_ErrorBody).error
    except msgspec.MsgspecError as reason:  # not from the chat, but from a load balancer or proxy
        code = "unavailable" if response.status_code >= 500 else "invalid"
        raise ChatError(code, f"{response.request.url.path} answered {response.status_code}") from reason
    raise ChatError(error.code, error.message, error.details)


def _cursor_of(link: str | None) -> str | None:
    """Return the cursor in a page's `next`. The rest of the link names the server that answered, so it is not used."""
    return None if link is None else parse_qs(urlsplit(link).query).get("cursor", [None])[0]
