"""The preview of a conversation in a list: its last text, files or reaction."""

from __future__ import annotations

from typing import Any

import pytest

from chatsite.web.preview_text import preview_text
from conversations import operations
from conversations.attachment_objects import stored_attachment
from conversations.integrity import find_problems
from conversations.models import Attachment, Conversation
from conversations.moderation import erasure
from conversations.moderation import operations as moderation
from conversations.reactions.operations import add_reaction, remove_reaction
from conversations.serializers import conversation_object
from conversations.writing.list_preview import last_files
from tests.attachments.conftest import storage  # noqa: F401  an empty storage for each test
from tests.attachments.contents import PDF, picture
from tests.attachments.files import Scene, upload
from tests.conversations.people import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def listed(scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = client_of(scene.member).get(f"/chat/conversations/{scene.where.pk}").json()
    assert list(find_problems()) == []
    return found


def said(scene: Scene, reader: Any) -> str:
    return preview_text(
        conversation_object(Conversation.objects.get(pk=scene.where.pk), "business"), str(reader.pk)
    )


def test_files_without_a_text(scene: Scene) -> None:
    message = scene.sent(picture(), "photo.jpg")
    shown = listed(scene)
    assert shown["lastMessage"] == "photo.jpg"  # what older clients show
    assert shown["lastFiles"] == {"kind": "image", "count": 1, "durationMs": None}
    assert said(scene, scene.member) == "Photo"
    moderation.hide_message(actor=None, message_id=message["id"], reason="x")
    assert (listed(scene)["lastFiles"], said(scene, scene.member)) == (None, "")
    moderation.restore_message(actor=None, message_id=message["id"], reason="y")
    assert said(scene, scene.member) == "Photo"
    ids = [upload(scene.customer, PDF, name).json()["id"] for name in ("a.pdf", "b.pdf")]
    scene.send(scene.customer, *ids)
    assert said(scene, scene.member) == "2 files"
    scene.send(scene.customer, upload(scene.customer, PDF).json()["id"])
    assert said(scene, scene.member) == "report.pdf"
    scene.send(scene.customer, upload(scene.customer, PDF).json()["id"], content="the bill")
    assert (listed(scene)["lastFiles"], said(scene, scene.member)) == (None, "the bill")


def test_a_voice_message_has_its_length_and_a_file_another_ending() -> None:
    voice = Attachment(kind="voice", name="voice.m4a", size=1, content_type="audio/mp4", duration_ms=12_400)
    row = stored_attachment(voice)
    assert last_files("voice.webm", [row]) == '{"kind":"voice","count":1,"durationMs":12400}'
    assert last_files("voice.webm and more", [row]) == ""


def test_a_reaction_is_shown_until_the_next_message(scene: Scene) -> None:
    first = scene.send(scene.customer, content="See you on Friday").json()["id"]
    scene.send(scene.customer, content="Bye")
    active_at = listed(scene)["lastMessageAt"]
    add_reaction(user_id=scene.member.pk, message_id=first, emoji="👍")
    shown = listed(scene)
    reaction = {
        "messageId": first,
        "userId": str(scene.member.pk),
        "emoji": "👍",
        "excerpt": "See you on Friday",
    }
    assert (shown["lastReaction"], shown["lastMessage"], shown["lastMessageAt"]) == (
        reaction,
        "Bye",
        active_at,
    )
    assert said(scene, scene.member) == "You reacted 👍 to “See you on Friday”"
    assert said(scene, scene.customer) == "Reacted 👍 to “See you on Friday”"
    operations.edit_message(user_id=scene.customer.pk, message_id=first, content="On Monday")
    assert said(scene, scene.customer) == "Reacted 👍 to “On Monday”"
    scene.send(scene.customer, content="Hello?")
    assert said(scene, scene.customer) == "Hello?"


@pytest.mark.parametrize("way", ["removed", "deleted", "hidden", "erased"])
def test_a_reaction_that_is_gone_is_not_shown(scene: Scene, way: str) -> None:
    message = scene.send(scene.customer, content="secret").json()["id"]
    scene.send(scene.customer, content="Bye")
    add_reaction(user_id=scene.member.pk, message_id=message, emoji="👍")
    if way == "removed":
        remove_reaction(user_id=scene.member.pk, message_id=message, emoji="👍")
    elif way == "deleted":
        operations.delete_message(user_id=scene.customer.pk, message_id=message)
    elif way == "hidden":
        moderation.hide_message(actor=None, message_id=message, reason="x")
    else:
        erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="x")
    assert listed(scene)["lastReaction"] is None
    assert "secret" not in Conversation.objects.get(pk=scene.where.pk).last_reaction


def test_the_sender_of_the_last_message_and_what_became_of_it(scene: Scene) -> None:
    assert listed(scene)["lastSender"] is None
    scene.send(scene.customer, content="Hello")
    sender = {"userId": str(scene.customer.pk), "side": "customer", "status": "sent"}
    assert listed(scene)["lastSender"] == sender
    last = scene.send(scene.customer, content="Anybody there?").json()
    operations.mark_read(user_id=scene.member.pk, conversation_id=scene.where.pk, up_to_seq=1)
    assert listed(scene)["lastSender"] == sender
    client_of(scene.member).get(f"/chat/conversations/{scene.where.pk}/messages")
    assert listed(scene)["lastSender"] == {**sender, "status": "delivered"}
    operations.mark_read(user_id=scene.member.pk, conversation_id=scene.where.pk)
    assert listed(scene)["lastSender"] == {**sender, "status": "read"}
    moderation.hide_message(actor=None, message_id=last["id"], reason="x")
    assert listed(scene)["lastSender"] == {**sender, "status": "read"}
    answer = {"userId": str(scene.member.pk), "side": "business", "status": "sent"}
    scene.send(scene.member, content="Yes")
    assert listed(scene)["lastSender"] == answer
    operations.send_system_message(conversation_id=scene.where.pk, content="Closed")
    assert listed(scene)["lastSender"] == {"userId": None, "side": "system", "status": "sent"}
