"""No log at any level contains a message, a password or another credential."""

from __future__ import annotations

import contextlib
import json
import secrets as random

import httpx
import pytest

from chatsite.config.limits import Limits
from tests.attack.conftest import SERVERS
from tests.attack.sockets import TRANSPORTS, Refused, Wire
from tests.conversations.rooms import Room
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.rest import ApiError, RestClient
from tests.realtime.logins import make_logins

pytestmark = pytest.mark.fleet


class Told:
    """What was sent, and must not appear in the logs."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}

    def text(self, what: str) -> str:
        return self.keep(what, f"secret-{random.token_hex(8)}")

    def keep(self, what: str, value: str) -> str:
        self.secrets[what] = value
        return value


async def converse(room: Room, told: Told) -> None:
    """Send, edit, delete and report messages over REST, and send some that are refused."""
    for number in SERVERS:
        async with room.customer.rest_on(number) as rest:
            path = f"{room.path}/messages"
            sent = await rest.post(path, {"content": told.text(f"message by REST {number}")})
            await rest.patch(f"/chat/messages/{sent['id']}", {"content": told.text(f"edit {number}")})
            report = {"conversationId": room.id, "reason": "spam", "text": told.text(f"report {number}")}
            with contextlib.suppress(ApiError):
                await rest.post("/chat/reports", report)
            for body in (
                {"content": told.text(f"bad kind {number}"), "messageType": "system"},
                {"content": told.text(f"bad reply {number}"), "replyTo": "x"},
                {"content": told.text(f"NUL {number}") + "\x00"},
                {"content": (Limits.message_length + 1) * "x" + told.text(f"long {number}")},
            ):
                with pytest.raises(ApiError):
                    await rest.post(path, body)
            broken = b'{"content": "' + told.text(f"broken JSON {number}").encode()
            await rest.http.post(path, content=broken, headers={"Content-Type": "application/json"})
            await rest.http.get(path, params={"limit": told.text(f"query {number}")})
            await rest.delete(f"/chat/messages/{sent['id']}")


async def converse_live(room: Room, told: Told) -> None:
    for number in SERVERS:
        server = room.cast.stage.deployment.server(number)
        for transport in TRANSPORTS:
            name = f"{transport} {number}"
            async with await Wire.open(transport, server, room.customer.access) as wire:
                await wire.call("join_conversation", {"conversationId": room.id})
                data = {"conversationId": room.id, "content": told.text(f"message by {name}")}
                await wire.call("send_message", data)
                for bad in (
                    json.dumps({"conversationId": room.id, "content": {"a": told.text(f"type {name}")}}),
                    json.dumps({"conversationId": told.text(f"id {name}"), "content": "x"}),
                    '{"content":"' + told.text(f"half {name}"),
                ):
                    with pytest.raises(Refused):
                        await wire.call_raw('"send_message"', bad)
                with pytest.raises(Refused):
                    await wire.call_raw(f'"{told.text(f"event {name}")}"', "{}")


async def sign_in_and_out(room: Room, told: Told) -> None:
    deployment = room.cast.stage.deployment
    for number in SERVERS:
        server = deployment.server(number)
        login, _ = make_logins(deployment)
        told.keep(f"access {number}", login.access)
        told.keep(f"refresh {number}", login.refresh)
        told.keep(f"session {number}", login.session_key)
        (await login.live(number)).abort()
        await (await login.by_cookie(number, Origin=server.url)).close()
        async with login.rest(number) as rest:
            ticket = told.keep(f"ticket {number}", (await rest.post("/auth/ws-ticket"))["ticket"])
            await (await LiveClient.open(f"{server.live_url}?ticket={ticket}", auth="none")).close()
            used = await LiveClient.open(f"{server.live_url}?ticket={ticket}", auth="none")
            await used.closed()
            fresh = await rest.post("/auth/token/refresh", {"refresh": login.refresh})
            told.keep(f"fresh access {number}", fresh["access"])
            told.keep(f"fresh refresh {number}", fresh["refresh"])
            await rest.request("POST", "/auth/logout", {"refresh": fresh["refresh"]})
        async with RestClient(server.url) as guess:
            with pytest.raises(ApiError):
                await guess.login("carol", told.text(f"password {number}"))
            await guess.http.get("/chat/conversations", headers={"Authorization": f"Bearer {login.access}"})
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=patience(5)) as http:
            page = await http.get("/admin/login/")
            form = {"username": "carol", "password": told.text(f"admin password {number}")}
            token = told.keep(f"csrf {number}", http.cookies["csrftoken"])
            await http.post("/admin/login/", data={**form, "csrfmiddlewaretoken": token})
            await http.post("/admin/login/", data=form)  # refused for the missing token
            assert page.status_code == 200


async def test_a_whole_scenario_leaves_no_secret_in_the_logs(room: Room) -> None:
    deployment = room.cast.stage.deployment
    told = Told()
    await converse(room, told)
    await converse_live(room, told)
    await sign_in_and_out(room, told)
    for name in ("SECRET_KEY", "JWT_SECRET"):
        told.keep(name, deployment.environment[name])

    logs = {server.kind: server.log.read_text(errors="replace") for server in deployment.servers}
    assert all(len(text) > 2_000 for text in logs.values())
    assert all("GET /" in text for text in logs.values())  # it does name the requested path
    found = [
        f"{what} in the log of {kind}: {line[:200]}"
        for kind, text in logs.items()
        for what, secret in told.secrets.items()
        for line in text.splitlines()
        if secret in line
    ]
    assert not found, "\n".join(found)
