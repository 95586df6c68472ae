"""What is taken from a person or a message while a file is processed or uploaded does not come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from conversations import operations
from conversations.attachments.conversion import convert
from conversations.attachments.jobs import GIVE_UP_AFTER, resume_processing
from conversations.attachments.models import Attachment, StoredFile
from conversations.attachments.processing import process
from conversations.models import ChatMessage
from conversations.moderation import erasure
from conversations.moderation.retention import delete_expired_messages
from tests.attachments.contents import picture, recording
from tests.attachments.files import Scene, files_in, run_jobs, upload

Taking = Callable[[Scene, Any], None]


def erase(scene: Scene, settings: Any) -> None:
    erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="x")


def expire(scene: Scene, settings: Any) -> None:
    settings.MESSAGE_DAYS = 1
    ChatMessage.objects.update(created_at=F("created_at") - timedelta(days=2))
    assert delete_expired_messages().messages == 1


def delete(scene: Scene, settings: Any) -> None:
    [message] = ChatMessage.objects.all()
    operations.delete_message(user_id=scene.customer.pk, message_id=message.pk)


def sent(scene: Scene, content: bytes, name: str, **form: str) -> Attachment:
    made = upload(scene.customer, content, name, **form).json()
    assert scene.send(scene.customer, made["id"]).status_code == 201
    return Attachment.objects.get(pk=made["id"])


@pytest.mark.parametrize("take", [erase, expire, delete])
def test_a_file_that_is_taken_during_its_conversion_does_not_come_back(
    scene: Scene, storage: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, take: Taking
) -> None:
    row = sent(scene, recording("webm", "libopus"), "Anna Example.webm", kind="voice")

    def convert_slowly(*arguments: Any) -> Any:
        outcome = convert(*arguments)
        take(scene, settings)
        run_jobs()
        return outcome

    monkeypatch.setattr("conversations.attachments.processing.convert", convert_slowly)
    process(str(row.pk))
    after = Attachment.objects.get(pk=row.pk)
    assert (after.file_id, after.thumbnail_id, after.waveform) == (None, None, "")
    assert (files_in(storage), StoredFile.objects.count()) == ([], 0)
    if take is not delete:
        assert (after.name, after.alt) == ("", "")
        assert ChatMessage.objects.get().attachments == ""


@pytest.mark.parametrize("take", [erase, expire])
def test_a_file_that_was_taken_is_not_given_up_later(scene: Scene, settings: Any, take: Taking) -> None:
    row = sent(scene, picture(), "photo.jpg", alt="Anna")
    take(scene, settings)
    Attachment.objects.update(created_at=F("created_at") - GIVE_UP_AFTER - timedelta(hours=1))
    before = scene.rev()
    resume_processing.func()
    assert scene.rev() == before
    assert ChatMessage.objects.get().attachments == ""
    assert Attachment.objects.get(pk=row.pk).name == ""
