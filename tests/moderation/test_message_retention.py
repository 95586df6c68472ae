"""Messages are deleted at the end of their retention time, with their files, edits and reactions."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from chatsite.background.turns import Turn, waiting_jobs
from chatsite.config.attachments import file_system
from conversations import operations
from conversations.integrity import find_problems
from conversations.models import (
    Attachment,
    Business,
    ChatMessage,
    Conversation,
    EmptiedConversation,
    MessageEdit,
    Reaction,
    Report,
)
from conversations.moderation import operations as moderation
from conversations.moderation import retention
from conversations.moderation.jobs import delete_old_messages
from conversations.reactions.operations import add_reaction
from conversations.writing.conversation_change import change_conversations
from conversations.writing.imports import rewrite
from tests.attachments.files import Scene, files_in, run_jobs
from tests.conversations.people import client_of, conversation, person, say

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


def emptied_by_job() -> list[str]:
    """Run the daily job to its end, and return the ids of the emptied messages."""
    before = set(ChatMessage.objects.filter(content="").values_list("pk", flat=True))
    delete_old_messages.func()
    run_jobs()
    after = ChatMessage.objects.filter(content="").exclude(pk__in=before)
    return sorted(str(key) for key in after.values_list("pk", flat=True))


def days_ago(days: dict[int, int]) -> None:
    for seq, number in days.items():
        ChatMessage.objects.filter(seq=seq).update(created_at=timezone.now() - timedelta(days=number))


def ids(*seqs: int) -> list[str]:
    return sorted(str(key) for key in ChatMessage.objects.filter(seq__in=seqs).values_list("pk", flat=True))


@pytest.fixture
def spoken(settings: Any, storage: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Provide a conversation of seven messages. Each transaction empties two."""
    settings.MESSAGE_DAYS = 30
    monkeypatch.setattr(retention, "GROUP", 2)
    monkeypatch.setattr(retention, "WHOLE_EVERY", 10**40)  # no conversation is read as a whole
    scene = Scene()
    say(scene.where, scene.member, [f"line {number}" for number in range(1, 8)])
    return scene


def test_the_job_reads_neither_what_is_empty_nor_what_is_kept(spoken: Scene) -> None:
    days_ago({1: 60, 2: 50, 3: 40})
    assert emptied_by_job() == ids(1, 2, 3)
    assert EmptiedConversation.objects.get().seq == 3
    with patch.object(retention.Walk, "go", side_effect=AssertionError("nothing is due")):
        assert emptied_by_job() == []
    days_ago({4: 35})
    assert emptied_by_job() == ids(4)


def test_a_reported_message_delays_no_later_one(spoken: Scene) -> None:
    days_ago({seq: 60 - seq for seq in range(1, 7)})
    second = ChatMessage.objects.get(seq=2)
    report = Report.objects.create(
        reporter=spoken.customer, conversation=spoken.where, message=second, reason="abuse"
    )
    assert emptied_by_job() == ids(1, 3, 4, 5, 6)
    assert EmptiedConversation.objects.get().seq == 1
    report.delete()
    assert emptied_by_job() == ids(2)
    assert EmptiedConversation.objects.get().seq == 6


def test_an_imported_message_after_newer_ones_is_found_each_week(
    spoken: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_ago({1: 60, 6: 50})
    assert emptied_by_job() == ids(1)
    monkeypatch.setattr(retention, "WHOLE_EVERY", 1)
    assert emptied_by_job() == ids(6)
    assert EmptiedConversation.objects.get().seq == 1


def test_the_job_works_in_turns(spoken: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that is over after its first step leaves the rest to the next job."""
    others = [conversation(spoken.where.business, person()) for _ in range(3)]
    for where in others:
        say(where, spoken.member, ["another", "one"])
    ChatMessage.objects.update(created_at=timezone.now() - timedelta(days=40))
    monkeypatch.setattr(Turn, "is_over", True)
    monkeypatch.setattr(retention, "PAGE", 2)
    delete_old_messages.func()
    assert ChatMessage.objects.filter(content="").count() == 2
    assert waiting_jobs(delete_old_messages).count() == 1
    run_jobs()
    assert not ChatMessage.objects.exclude(content="").exists()


def test_numbers_that_an_undo_frees_are_looked_at_again(spoken: Scene) -> None:
    days_ago(dict.fromkeys(range(1, 8), 40))
    assert len(emptied_by_job()) == 7
    ChatMessage.objects.filter(seq__gt=5).delete()
    with change_conversations([spoken.where.pk]) as change:
        found = change.conversations[spoken.where.pk]
        rewrite(change, found, last_seq=5, customer=0, business=0)
    say(spoken.where, spoken.member, ["six"])
    days_ago({6: 40})
    assert emptied_by_job() == ids(6)
