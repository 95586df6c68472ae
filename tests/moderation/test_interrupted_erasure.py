"""An erasure that was interrupted is completed by a job, or by the command with the id that it has printed."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from chatsite.background.turns import Turn
from conversations.integrity import find_problems
from conversations.models import ChatMessage
from conversations.moderation import erasure
from conversations.moderation.models import AuditEntry
from tests.moderation.conftest import Shop


@pytest.fixture
def talk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for n in range(5):
        shop.say(shop.carol, f"carol's {n}")
        shop.say(shop.olivia, f"olivia's {n}")
    monkeypatch.setattr(erasure, "GROUP", 2)
    return shop


def of_carol(shop: Shop) -> int:
    return ChatMessage.objects.filter(sender=shop.carol).count()


def interrupt(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> str:
    """Kill the command after the first group of messages. Return what it has printed."""
    output, group = StringIO(), erasure._erase_group
    with monkeypatch.context() as broken:
        broken.setattr(erasure, "_erase_group", lambda *arguments: group(*arguments) and 1 / 0)
        with pytest.raises(ZeroDivisionError):
            call_command("erase_person", "carol", reason="Request 17", stdout=output)
    assert of_carol(shop) == 3
    assert not User.objects.filter(username="carol").exists()
    return output.getvalue()


def run_jobs() -> int:
    """Run the jobs that complete erasures, now. Return how many there were."""
    number = 0
    jobs = DBTaskResult.objects.filter(task_path=erasure.finish_erasure.module_path)
    while (row := jobs.order_by("enqueued_at").first()) is not None:
        row.delete()
        row.task.func(*row.args_kwargs["args"])
        number += 1
    return number


def test_a_job_completes_it(talk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(talk, monkeypatch)
    waiting = DBTaskResult.objects.get(task_path=erasure.finish_erasure.module_path)
    assert waiting.run_after > timezone.now()  # the command is not overtaken by it
    assert run_jobs() == 1
    assert of_carol(talk) == 0
    assert list(find_problems()) == []
    first, last = AuditEntry.objects.order_by("pk")
    assert (last.subject_id, last.reason, last.data["messages"]) == (str(talk.carol.pk), "Request 17", 3)
    assert first.subject_id == last.subject_id


def test_the_command_prints_how_to_complete_it(talk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = interrupt(talk, monkeypatch)
    name, key = printed.split()[-2:]
    output = StringIO()
    call_command("erase_person", name, key, stdout=output)
    assert "1 conversations, 3 messages" in output.getvalue()
    assert of_carol(talk) == 0


def test_the_job_of_a_complete_erasure_changes_nothing(talk: Shop) -> None:
    call_command("erase_person", "carol", stdout=StringIO())
    rev, entries = talk.head().rev, AuditEntry.objects.count()
    assert run_jobs() == 1
    assert (talk.head().rev, AuditEntry.objects.count()) == (rev, entries)


def test_a_long_job_continues_in_another_one(talk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(talk, monkeypatch)
    monkeypatch.setattr(erasure, "Turn", lambda: Turn(seconds=0))
    assert run_jobs() > 1
    assert of_carol(talk) == 0


def test_a_job_and_a_command_at_once_share_the_messages(talk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    group, calls = erasure._erase_group, []

    def with_the_job(*arguments: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:  # the command is between its first and its second group
            erasure.finish_erasure.func(str(talk.carol.pk))
        return group(*arguments)

    monkeypatch.setattr(erasure, "_erase_group", with_the_job)
    rev = talk.head().rev
    call_command("erase_person", "carol", stdout=StringIO())
    assert of_carol(talk) == 0
    assert talk.head().rev == rev + 5  # each message is emptied once
    assert sum(entry.data.get("messages", 0) for entry in AuditEntry.objects.all()) == 5
    assert list(find_problems()) == []
