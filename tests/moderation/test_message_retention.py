"""Messages are deleted at the end of their retention time, with their files, edits and reactions."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F

from chatsite.config.attachments import file_system
from conversations import operations
from conversations.integrity import find_problems
from conversations.models import (
    Attachment,
    Business,
    ChatMessage,
    Conversation,
    MessageEdit,
    Reaction,
    Report,
)
from conversations.moderation import operations as moderation
from conversations.reactions.operations import add_reaction
from tests.attachments.files import Scene, files_in, run_jobs
from tests.conversations.people import client_of, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGES = {**settings.STORAGES, "attachments": file_system(tmp_path)}
    return tmp_path


def expire(*options: str) -> str:
    out = io.StringIO()
    call_command("delete_expired_messages", *options, stdout=out)
    return out.getvalue().strip()


def age(days: int) -> None:
    ChatMessage.objects.update(created_at=F("created_at") - timedelta(days=days))
    Conversation.objects.update(last_message_at=F("last_message_at") - timedelta(days=days))


def test_old_messages_lose_all_they_hold(settings: Any, storage: Path) -> None:
    scene = Scene()
    message = scene.sent()
    operations.edit_message(user_id=scene.customer.pk, message_id=message["id"], content="my secret")
    add_reaction(user_id=scene.member.pk, message_id=message["id"], emoji="👍")
    say(scene.where, scene.member, ["hidden secret"])
    hidden = ChatMessage.objects.get(content="hidden secret")
    moderation.hide_message(actor=None, message_id=hidden.pk, reason="x")
    age(31)
    assert expire() == "0 messages of 0 conversations were deleted."  # the site keeps them for ever
    settings.MESSAGE_DAYS = 30
    before = scene.rev()
    assert expire("--dry-run") == "2 messages of 1 conversations would be deleted."
    assert scene.rev() == before
    assert expire() == "2 messages of 1 conversations were deleted."
    assert scene.rev() == before + 2
    run_jobs()
    rows = list(ChatMessage.objects.order_by("seq"))
    assert [(row.content, row.attachments, row.reactions, bool(row.deleted_at)) for row in rows] == [
        ("", "", "", True)
    ] * 2
    assert not MessageEdit.objects.exists()
    assert not Reaction.objects.exists()
    assert files_in(storage) == []
    assert Attachment.objects.get().name == ""
    found = client_of(scene.member).get("/chat/search?q=secret").json()["results"]
    assert found == []
    where = client_of(scene.member).get(f"/chat/conversations/{scene.where.pk}").json()
    assert (where["unreadCount"], where["lastMessage"]) == (0, "")
    assert list(find_problems()) == []
    assert expire().startswith("0 messages")


def test_a_business_has_a_number_of_its_own_and_reports_wait(settings: Any, storage: Path) -> None:
    scene = Scene()
    message = scene.sent()
    about = {"conversationId": str(scene.where.pk), "messageId": message["id"], "reason": "abuse"}
    assert client_of(scene.member).post("/chat/reports", about, format="json").status_code == 201
    age(31)
    settings.MESSAGE_DAYS = 30
    assert expire().startswith("0 messages")  # a moderator has not looked at the report
    Report.objects.update(status="resolved", outcome="dismissed", resolved_at=F("created_at"))
    Business.objects.update(message_days=0)
    assert expire().startswith("0 messages")
    Business.objects.update(message_days=10)
    assert expire().startswith("1 messages")
    assert scene.shown(scene.member)["deletedAt"] is not None
