"""Two clients: python-socketio's, and one that sends any text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx
import socketio
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.harness.patience import patience
from tests.harness.rest import NO_TLS
from tests.harness.websocket import dial
from tests.socketio.server import Site

NAMESPACE = "/chat"
ANN = {"token": "user:ann"}


class Client:
    """python-socketio's client in the namespace. `events` has what was pushed, in order."""

    def __init__(self, site: Site, *transports: str, auth: Any = None) -> None:
        self.site = site
        self.socket = socketio.AsyncClient(reconnection=False, request_timeout=patience(5))
        self.events: list[tuple[str, Any]] = []
        self.refusals: list[Any] = []
        self._transports = list(transports or ["websocket"])
        self._auth = ANN if auth is None else auth
        self.socket.on("*", self._take, namespace=NAMESPACE)
        self.socket.on("connect_error", self.refusals.append, namespace=NAMESPACE)

    def _take(self, event: str, *arguments: Any) -> None:
        self.events.append((event, arguments[0] if arguments else None))

    async def open(self) -> Self:
        await self.socket.connect(
            self.site.url,
            namespaces=[NAMESPACE],
            auth=self._auth,
            transports=self._transports,
            wait_timeout=patience(5),
        )
        return self

    async def call(self, event: str, data: Any = None) -> Any:
        return await self.socket.call(
            event, data if data is not None else {}, namespace=NAMESPACE, timeout=patience(10)
        )

    async def emit(self, event: str, data: Any, callback: Any = None) -> None:
        await self.socket.emit(event, data, namespace=NAMESPACE, callback=callback)

    async def expect(self, event: str, within: float = 5) -> Any:
        """Return the data of the first such event, and remove it from the list."""
        async with asyncio.timeout(patience(within)):
            while True:
                for found in self.events:
                    if found[0] == event:
                        self.events.remove(found)
                        return found[1]
                await asyncio.sleep(0.01)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.disconnect()


class RawClient:
    """Engine.IO texts over one WebSocket, connected to the namespace unless `token` is None."""

    def __init__(self, site: Site, *, token: str | None = "user:ann", **options: Any) -> None:
        self.site = site
        self._token = token
        self._options = options

    async def __aenter__(self) -> Self:
        self.socket: ClientConnection = await dial(
            self.site.websocket_url, compression=None, max_size=None, **self._options
        )
        assert (await self.read())[0] == "0"
        if self._token is not None:
            await self.send("40/chat," + json.dumps({"token": self._token}))
            assert (await self.read()).startswith('40/chat,{"sid":')
            assert (await self.read()).startswith('42/chat,["greeting"')
        return self

    async def send(self, frame: str | bytes) -> None:
        await self.socket.send(frame)

    async def read(self) -> str:
        frame = await asyncio.wait_for(self.socket.recv(), patience(5))
        assert isinstance(frame, str)
        return frame

    async def rest(self) -> list[str]:
        """Return what arrives until the other side closes."""
        frames: list[str] = []
        try:
            while True:
                frames.append(await self.read())
        except ConnectionClosed:
            return frames

    async def closed(self, within: float = 10) -> int | None:
        """Wait for the other side to close, and return its code."""
        await asyncio.wait_for(self.socket.wait_closed(), patience(within))
        return self.socket.close_code

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()


class Poller:
    """Long polling, step by step."""

    def __init__(self, site: Site) -> None:
        self._http = httpx.AsyncClient(
            base_url=site.url, trust_env=False, timeout=patience(15), verify=NO_TLS
        )
        self.sid = ""

    async def __aenter__(self) -> Self:
        self.sid = json.loads((await self.get()).text[1:])["sid"]
        return self

    async def join(self, token: str = "user:ann") -> str:
        """Connect to the namespace, and return the content of the first poll."""
        await self.post("40/chat," + json.dumps({"token": token}))
        return (await self.get()).text

    async def get(self) -> httpx.Response:
        return await self._http.get("/socket.io/", params=self._query())

    async def until(self, condition: Callable[[str], bool], within: float = 5) -> str:
        """Poll until the content of all polls meets the condition. A closed connection adds nothing."""
        texts = ""
        async with asyncio.timeout(patience(within)):
            while not condition(texts):
                answer = await self.get()
                assert answer.status_code == 200, f"polls are refused after {texts[-200:]!r}"
                texts += answer.text
        return texts

    async def drain(self) -> str:
        """Poll until a poll is empty."""
        texts = ""
        while (text := (await self.get()).text) != "6":
            texts += text.removesuffix("\x1e6")
            if text.endswith("\x1e6"):
                break
        return texts

    async def post(self, body: str | bytes) -> httpx.Response:
        content = body.encode() if isinstance(body, str) else body
        return await self._http.post("/socket.io/", params=self._query(), content=content)

    def _query(self) -> dict[str, str]:
        return {"EIO": "4", "transport": "polling", **({"sid": self.sid} if self.sid else {})}

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
