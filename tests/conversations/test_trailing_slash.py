"""A trailing slash is optional."""

from __future__ import annotations

import pytest

from tests.conversations.rooms import Room


@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_address(room: Room, slash: str) -> None:
    rest = room.customer.rest
    asked = {"businessId": room.cast.business_id}
    assert (await rest.request("POST", f"/chat/conversations{slash}", asked)).status_code == 200
    sent = await rest.post(f"{room.path}/messages{slash}", {"content": "hello"})
    message = f"/chat/messages/{sent['id']}"
    assert (await rest.patch(f"{message}{slash}", {"content": "edited"}))["content"] == "edited"
    assert len((await rest.get(f"{message}/edits{slash}"))["results"]) == 1
    await rest.patch(f"{room.path}/read{slash}")
    await rest.patch(f"{room.path}{slash}", {"archived": False})
    for path in (
        "/chat/conversations",
        room.path,
        f"{room.path}/messages",
        message,
        "/chat/unread-count",
        "/auth/me",
    ):
        assert (await rest.request("GET", f"{path}{slash}")).status_code == 200
    await rest.delete(f"{message}{slash}")


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_socket_and_the_health_pages(room: Room, slash: str) -> None:
    server = room.cast.stage.deployment.server(0)
    client = await room.customer.live()
    assert (await room.customer.rest.http.get(f"/healthz{slash}")).json() == {"status": "ok"}
    ready = (await room.customer.rest.http.get(f"/readyz{slash}")).json()
    assert (ready["database"], ready["layer"]) == ("ok", "ok")
    again = await type(client).open(server.live_url + slash, room.customer.access)
    try:
        await again.join(room.id)
    finally:
        await again.close()
