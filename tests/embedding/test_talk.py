"""Two people of the host project talk under its URL prefix, after its own login."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.embedding.conftest import Shop
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.servers import Server

pytestmark = pytest.mark.standalone


class Visitor:
    """A browser that has signed in at the shop's own page."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(20))

    async def enter(self, email: str) -> Visitor:
        await self.http.get("/enter/")
        form = {"email": email, "password": "a long password", "csrfmiddlewaretoken": self._token}
        assert (await self.http.post("/enter/", data=form)).status_code == 200
        return self

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.http.post(f"/support{path}", json=body, headers={"X-CSRFToken": self._token})
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def get(self, path: str) -> Any:
        answer = await self.http.get(f"/support{path}", headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def socket(self) -> LiveClient:
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        headers = {"Cookie": cookies, "Origin": self.server.url}
        url = self.server.live_url.replace("/chat", "/support/chat")
        return await LiveClient.open(url, auth="none", headers=headers)

    @property
    def _token(self) -> str:
        return self.http.cookies["csrftoken"]


async def test_two_people_talk(server: Server, people: dict[str, str]) -> None:
    carl = await Visitor(server).enter("carl@home.example")
    ada = await Visitor(server).enter("ada@shop.example")
    room = (await carl.post("/chat/conversations", {"businessId": people["business"]}))["id"]

    async with await ada.socket() as theirs, await carl.socket() as mine:
        await theirs.join(room)
        await mine.join(room)
        await mine.call("send_message", {"conversationId": room, "content": "Is it open?", "clientId": "1"})
        heard = await theirs.expect("new_message", lambda data: data["message"]["content"] == "Is it open?")
        answer = await ada.post(f"/chat/conversations/{room}/messages", {"content": "Until six."})
        await mine.expect("new_message", lambda data: data["message"]["id"] == answer["id"])

    assert heard["message"]["senderId"] != people["agent"]
    page = await ada.get(f"/chat/conversations/{room}/messages")
    assert {message["content"] for message in page["results"]} == {"Is it open?", "Until six."}


async def test_others_see_a_name_and_no_address(server: Server, people: dict[str, str]) -> None:
    carl = await Visitor(server).enter("carl@home.example")
    ada = await Visitor(server).enter("ada@shop.example")
    room = (await carl.post("/chat/conversations", {"businessId": people["business"]}))["id"]
    seen = (
        await ada.http.get(f"/support/chat/conversations/{room}", headers={"Accept": "application/json"})
    ).text
    assert "Carl" in seen
    assert "carl@home.example" not in seen
    assert (await carl.get("/auth/me"))["email"] == "carl@home.example"


async def test_the_hosts_own_pages_stay_its_own(server: Server) -> None:
    visitor = Visitor(server)
    assert (await visitor.http.get("/enter/")).text == "Enter the shop"
    assert (await visitor.http.get("/chat/conversations")).status_code == 404
    assert (await visitor.http.get("/backstage/")).headers["location"].startswith("/backstage/login/")
    landing = await visitor.http.get("/support/")
    assert landing.headers["location"] == "/enter/?next=/support/app"
    page = await visitor.http.get("/support/app/")
    assert page.headers["location"] == "/enter/?next=/support/app/"


async def test_the_page_knows_the_prefix(server: Server) -> None:
    carl = await Visitor(server).enter("carl@home.example")
    page = (await carl.http.get("/support/app")).text
    told = json.loads(page.split('<script id="session" type="application/json">')[1].split("</script>")[0])
    assert told["urls"] == {
        "chat": "/support/chat",
        "inbox": "/support/app",
        "find": "/support/app/find",
        "signIn": "/enter/",
    }


async def test_socketio_answers_under_the_prefix(server: Server) -> None:
    visitor = Visitor(server)
    handshake = {"EIO": "4", "transport": "polling"}
    opened = await visitor.http.get("/support/socket.io/", params=handshake)
    assert opened.status_code == 200
    assert json.loads(opened.text.removeprefix("0"))["upgrades"] == ["websocket"]
    assert (await visitor.http.get("/socket.io/", params=handshake)).status_code == 404


async def test_the_admin_works(server: Server, shop: Shop) -> None:
    root = await Visitor(server).enter("root@shop.example")
    for page in (
        "people/person",
        "conversations/conversation",
        "conversations/business",
        "conversations/membership",
        "conversations/report",
        "conversations/auditentry",
        "notifications/notification",
    ):
        answer = await root.http.get(f"/backstage/{page}/", params={"q": "carl"})
        assert answer.status_code == 200, f"{page}: {server.log_tail()}"
    found = await root.http.get("/backstage/people/person/", params={"q": "carl"})
    assert "carl@home.example" in found.text
