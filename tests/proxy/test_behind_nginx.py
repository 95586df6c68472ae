"""Three processes behind nginx, with the configuration in `deploy/`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
import socketio

from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.rest import eventually
from tests.harness.services import ServiceMissing, free_port
from tests.proxy.nginx import Nginx

NAMESPACE = "/chat"
LOOPBACKS = ("127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.4.1", "127.0.5.1", "127.0.6.1")


@pytest.fixture(scope="module")
def nginx(services: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    ports = [urlsplit(server.url).port or 0 for server in services.servers]
    try:
        running = Nginx(tmp_path_factory.mktemp("nginx"), ports)
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED behind nginx: {missing}")
    with running:
        yield running


@pytest.fixture
async def room(services_cast: Cast) -> Room:
    return await Room.open(services_cast)


class Caller:
    """A Socket.IO client with its own address, by which nginx distinguishes clients."""

    def __init__(self, address: str) -> None:
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        self._http = aiohttp.ClientSession(connector=connector)
        self.io = socketio.AsyncClient(
            http_session=self._http, reconnection=False, request_timeout=patience(5)
        )
        self.seen: list[int] = []
        self.io.on("new_message", self._take, namespace=NAMESPACE)

    async def _take(self, data: dict[str, Any]) -> None:
        self.seen.append(data["message"]["seq"])

    async def join(self, url: str, access: str, conversation_id: str, transports: list[str]) -> None:
        await self.io.connect(
            url,
            auth={"token": access},
            namespaces=[NAMESPACE],
            transports=transports,
            wait_timeout=patience(5),
        )
        await self.io.call("join_conversation", {"conversationId": conversation_id}, namespace=NAMESPACE)

    async def say(self, conversation_id: str, content: str) -> Any:
        data = {"conversationId": conversation_id, "content": content}
        return await self.io.call("send_message", data, namespace=NAMESPACE)

    async def close(self) -> None:
        await self.io.disconnect()
        await self._http.close()


async def _until_all_have(callers: list[Caller], seqs: list[int]) -> None:
    async with asyncio.timeout(patience(10)):
        for caller in callers:
            while len(caller.seen) < len(seqs):  # noqa: ASYNC110  the library's handlers have no event to wait for
                await asyncio.sleep(0.05)
    assert [caller.seen for caller in callers] == [seqs] * len(callers)


async def _converse(nginx: Nginx, room: Room, transports: list[str]) -> None:
    callers = [Caller(address) for address in LOOPBACKS]
    people = [room.customer, room.olivia, room.amir] * 2
    try:
        for caller, person in zip(callers, people, strict=True):
            await caller.join(nginx.url, person.access, room.id, transports)
        for caller in callers:
            await caller.say(room.id, "through nginx")
        await _until_all_have(callers, list(range(1, len(callers) + 1)))
    finally:
        for caller in callers:
            await caller.close()


async def _spread(nginx: Nginx, start: str) -> None:
    async def so() -> bool:  # nginx logs a socket when it ends
        return len(nginx.upstreams(start)) == 3

    await eventually(so, f"connections of {start} with all three processes")


async def test_native_sockets_need_no_stickiness(nginx: Nginx, room: Room) -> None:
    url = nginx.url.replace("http", "ws") + "/chat"
    people = [room.customer, room.olivia, room.amir] * 2
    clients = [await LiveClient.open(url, person.access) for person in people]
    for client in clients:
        await client.join(room.id)
    for client in clients:
        await client.call("send_message", {"conversationId": room.id, "content": "hello"})
    for client in clients:
        seqs = [(await client.expect("new_message"))["message"]["seq"] for _ in clients]
        assert seqs == list(range(1, len(clients) + 1))
    for client in clients:
        await client.close()
    await _spread(nginx, "/chat")


async def test_socketio_over_websocket_needs_no_stickiness(nginx: Nginx, room: Room) -> None:
    await _converse(nginx, room, ["websocket"])
    await _spread(nginx, "/socket.io/?transport=websocket")


async def test_long_polling_stays_with_its_process(nginx: Nginx, room: Room) -> None:
    await _converse(nginx, room, ["polling"])
    assert len(nginx.upstreams("/socket.io/?transport=polling")) > 1


async def test_an_upgrade_finds_the_process_of_its_polling(nginx: Nginx, room: Room) -> None:
    await _converse(nginx, room, ["polling", "websocket"])


def test_while_no_process_answers_there_is_a_page_and_an_error(tmp_path: Path) -> None:
    try:
        stopped = Nginx(tmp_path, [free_port()])
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED behind nginx: {missing}")
    with stopped:
        page = httpx.get(
            f"{stopped.url}/app", headers={"Accept": "text/html,*/*"}, trust_env=False, timeout=patience(5)
        )
        answer = httpx.get(f"{stopped.url}/chat/conversations", trust_env=False, timeout=patience(5))
        hidden = httpx.get(f"{stopped.url}/-/unavailable.json", trust_env=False, timeout=patience(5))
    assert (page.status_code, page.headers["Retry-After"]) == (503, "15")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Back in a moment" in page.text
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert hidden.status_code == 404
