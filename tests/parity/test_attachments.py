"""Attachments over every transport: uploaded over REST, sent anywhere, and one `rev` when the file is ready."""

from __future__ import annotations

from typing import Any

import pytest

from tests.attachments.contents import PDF, picture
from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Person
from tests.harness.rest import ApiError
from tests.parity.transports import TransportName, Transports


async def upload(person: Person, content: bytes, name: str) -> Any:
    answer = await person.rest.http.post("/chat/uploads", files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_file_reaches_everybody_who_joined(
    room: Room, transports: Transports, transport: TransportName
) -> None:
    made = await upload(room.customer, PDF, "terms.pdf")
    watcher = await transports.open("native", room.olivia)
    await watcher.join(room.id)
    sender = await transports.open(transport, room.customer)
    what = {"conversationId": room.id, "content": "", "attachmentIds": [made["id"]]}
    message = (await sender.call("send_message", what))["message"]
    assert (message["content"], message["messageType"]) == ("terms.pdf", "file")
    heard = (await watcher.expect("new_message"))["message"]
    assert heard["attachments"][0]["id"] == made["id"]
    fetched = await room.olivia.rest.http.get(
        heard["attachments"][0]["url"], headers={"Range": "bytes=1-3", "Authorization": ""}
    )
    assert (fetched.status_code, fetched.content) == (206, b"PDF")
    assert fetched.headers["Content-Range"] == f"bytes 1-3/{len(PDF)}"
    with pytest.raises(ApiError, match="conflict"):
        await sender.call("send_message", what)


async def test_a_picture_is_ready_with_an_event(
    room: Room, transports: Transports, deployment: Deployment
) -> None:
    watcher = await transports.open("native", room.olivia)
    await watcher.join(room.id)
    made = await upload(room.customer, picture((1600, 1200)), "bridge.jpg")
    assert (made["state"], made["url"], made["width"]) == ("processing", None, 1600)
    sent = await room.customer.send(room.id, "", attachmentIds=[made["id"]])  # type: ignore[arg-type]
    deployment.start_worker()
    event = await watcher.expect("attachment_updated", timeout=30)
    shown = event["attachment"]
    assert (event["messageId"], shown["state"]) == (sent["id"], "ready")
    assert event["rev"] > sent["rev"]  # a receipt may have come first
    for address in (shown["url"], shown["thumbnailUrl"]):
        fetched = await room.olivia.rest.http.get(address, headers={"Authorization": ""})
        assert fetched.status_code == 200
        assert len(fetched.content) == int(fetched.headers["Content-Length"]) > 100
    await room.customer.rest.delete(f"/chat/messages/{sent['id']}")
    for address in (shown["url"], shown["thumbnailUrl"]):
        assert (await room.olivia.rest.http.get(address)).status_code == 404
