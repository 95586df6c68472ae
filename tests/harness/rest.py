"""A REST client that acts as one user."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx

from tests.harness.patience import patience

Json = dict[str, Any]

# For clients that never speak TLS: httpx would read the certificates of all authorities for each client, which takes
# longer than most requests of a test.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# httpx reuses an idle connection for 5 seconds by default, and uvicorn closes it after 5: on a busy machine a request
# would now and then be written to a connection that the server has just closed.
KEPT_ALIVE = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=1)


class ApiError(Exception):
    """An error answer over any transport: its code, message and details, and the HTTP status."""

    def __init__(
        self, code: str, message: str, details: Json | None = None, status: int | None = None
    ) -> None:
        super().__init__(f"{status or 'live'} {code}: {message} {details or ''}".rstrip())
        self.code = code
        self.message = message
        self.details = details or {}
        self.status = status

    @classmethod
    def from_shape(cls, shape: Json, status: int | None = None) -> Self:
        """Return the error.

        Raise if its shape is not `{code, message, details?}`, because that is a bug of the server.
        """
        unknown = shape.keys() - {"code", "message", "details"}
        assert not unknown, f"not the error shape: {shape}"
        return cls(shape["code"], shape["message"], shape.get("details"), status)


async def when_allowed(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Repeat a request that the person's rate limit refuses, after the time that the answer names."""
    while True:
        answer = await send()
        if answer.status_code != 429:
            return answer
        await asyncio.sleep(answer.json()["error"]["details"]["retryAfter"])


def random_address() -> str:
    return ".".join(["10", *(str(secrets.randbelow(254) + 1) for _ in range(3))])


class RestClient:
    """Use it inside one event loop, and close it.

    `http` is the bare client, for requests that the methods do not cover.
    """

    def __init__(self, url: str, access: str | None = None, *, address: str | None = None) -> None:
        self.url = url
        self.access = access
        self.refresh: str | None = None
        headers = {"X-Forwarded-For": address or random_address(), "Accept": "application/json"}
        self.http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=patience(20),
            trust_env=False,
            verify=NO_TLS,
            limits=KEPT_ALIVE,
        )
        if access:
            self.use(access)

    def use(self, access: str) -> None:
        self.access = access
        self.http.headers["Authorization"] = f"Bearer {access}"

    async def login(self, username: str, password: str) -> Json:
        tokens = await self.post("/auth/token", {"username": username, "password": password})
        self.refresh = tokens["refresh"]
        self.use(tokens["access"])
        return tokens

    async def request(
        self, method: str, path: str, body: Json | None = None, **parameters: str | int | bool
    ) -> httpx.Response:
        """Return the response, or raise `ApiError`. `path` may also be a whole URL, such as a page's `next`."""
        given = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in parameters.items()
        }
        response = await self.http.request(method, path, json=body, params=given or None)
        if response.is_error:
            raise ApiError.from_shape(response.json()["error"], response.status_code)
        return response

    async def get(self, path: str, **parameters: str | int | bool) -> Json:
        return self._parsed(await self.request("GET", path, None, **parameters))

    async def post(self, path: str, body: Json | None = None) -> Json:
        return self._parsed(await self.request("POST", path, body or {}))

    async def patch(self, path: str, body: Json | None = None) -> Json:
        return self._parsed(await self.request("PATCH", path, body or {}))

    async def delete(self, path: str) -> None:
        response = await self.request("DELETE", path)
        assert response.status_code == 204, f"DELETE answered {response.status_code}"

    async def pages(self, path: str, **parameters: str | int | bool) -> list[Json]:
        """Return the rows of every page, by following `next`."""
        page = await self.get(path, **parameters)
        rows: list[Json] = page["results"]
        while page["next"]:
            page = await self.get(page["next"])
            rows += page["results"]
        return rows

    async def close(self) -> None:
        await self.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _parsed(self, response: httpx.Response) -> Json:
        parsed: Json = response.json()
        return parsed


async def eventually(condition: Callable[[], Awaitable[bool]], what: str, timeout: float = 10) -> None:
    """Wait for a change that no event announces. Prefer to wait for an event."""
    allowed = patience(timeout)
    deadline = time.monotonic() + allowed
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {allowed:g} s: {what}")
        await asyncio.sleep(0.05)
