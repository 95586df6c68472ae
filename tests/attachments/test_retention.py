"""Files are deleted at the end of their retention time. Until then moderators and exports can read them."""

from __future__ import annotations

import base64
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db.models import F
from django.test import Client

from chatsite.doctor import attachments as doctor
from conversations import operations
from conversations.attachments import retention
from conversations.attachments.models import Attachment
from conversations.attachments.processing import REJECTED, finish
from conversations.attachments.release import release_files
from conversations.attachments.retention import EXPIRED
from conversations.models import Business, ChatMessage, Report
from conversations.moderation import exports
from conversations.moderation import operations as moderation
from conversations.writing.message_change import change_message
from tests.attachments.contents import PDF, picture
from tests.attachments.files import Scene, body, files_in, refused, run_jobs
from tests.conversations.people import client_of


def expire(*options: str) -> str:
    out = io.StringIO()
    call_command("delete_expired_files", *options, stdout=out)
    return out.getvalue()


def age(days: int) -> None:
    ChatMessage.objects.update(created_at=F("created_at") - timedelta(days=days))


def test_old_files_end_and_their_messages_stay(scene: Scene, storage: Path, settings: Any) -> None:
    scene.sent(picture(), "photo.jpg")
    [shown] = scene.shown(scene.member)["attachments"]
    age(31)
    assert "0 files" in expire()  # the site keeps them for ever
    settings.ATTACHMENT_DAYS = 30
    before = scene.rev()
    assert expire("--dry-run").startswith("1 files (")
    assert scene.rev() == before
    assert expire().startswith("1 files (")
    assert scene.rev() == before + 1
    message = scene.shown(scene.member)
    assert message["content"] == "photo.jpg"
    assert message["editedAt"] is None
    [gone] = message["attachments"]
    assert (gone["state"], gone["reason"], gone["url"]) == ("rejected", EXPIRED, None)
    for address in (shown["url"], shown["thumbnailUrl"]):
        assert refused(client_of(scene.member).get(address)) == (404, "not_found")
    assert files_in(storage) == []
    assert expire().startswith("0 files")


def test_the_files_of_a_message_with_an_open_report_stay(scene: Scene, settings: Any) -> None:
    reported, other = scene.sent(), scene.sent()
    about = {"conversationId": str(scene.where.pk), "messageId": reported["id"], "reason": "abuse"}
    assert client_of(scene.member).post("/chat/reports", about, format="json").status_code == 201
    age(31)
    settings.ATTACHMENT_DAYS = 30
    assert expire("--dry-run").startswith("1 files (")
    assert expire().startswith("1 files (")
    assert Attachment.objects.get(message=reported["id"]).file_id is not None
    assert Attachment.objects.get(message=other["id"]).file_id is None
    Report.objects.update(status="resolved", outcome="dismissed", resolved_at=F("created_at"))
    assert expire().startswith("1 files (")


def test_a_message_that_an_undo_has_removed_is_skipped(
    scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.sent(), scene.sent()
    age(31)
    settings.ATTACHMENT_DAYS = 30
    removed: list[Any] = []

    def change(message_id: Any) -> Any:
        if not removed:
            removed.append(message_id)
            ChatMessage.objects.filter(pk=message_id).delete()
        return change_message(message_id)

    monkeypatch.setattr(retention, "change_message", change)
    assert expire().startswith("1 files (")
    assert not Attachment.objects.filter(message__isnull=False, file__isnull=False).exists()


@pytest.mark.parametrize(("days", "kept"), [(0, True), (10, False), (60, True)])
def test_a_business_has_a_number_of_its_own(scene: Scene, settings: Any, days: int, kept: bool) -> None:
    settings.ATTACHMENT_DAYS = 30
    Business.objects.filter(pk=scene.where.business_id).update(file_days=days)
    scene.sent()
    age(31)
    expire()
    state = scene.shown(scene.member)["attachments"][0]["state"]
    assert state == ("ready" if kept else "rejected")


def test_an_export_carries_the_files(scene: Scene) -> None:
    content = PDF + bytes(range(256)) * 2000  # several parts
    scene.sent(content)
    lines = [
        json.loads(line)
        for line in exports.export_transcript(actor=None, conversation_id=scene.where.pk, reason="Court.")
    ]
    [listed] = next(line for line in lines if line["kind"] == "message")["files"]
    parts = [line for line in lines if line["kind"] == "file"]
    assert {part["attachmentId"] for part in parts} == {listed["id"]}
    assert [part["part"] for part in parts] == list(range(len(parts)))
    assert len(parts) > 1
    assert b"".join(base64.b64decode(part["content"]) for part in parts) == content


def test_moderators_see_files_of_hidden_messages(scene: Scene, client: Client) -> None:
    message = scene.sent()
    [shown] = message["attachments"]
    page = f"/admin/conversations/conversation/{scene.where.pk}/change/"
    address = f"/admin/conversations/conversation/{scene.where.pk}/files/{shown['id']}/"
    assert client.get(address).status_code == 302  # to the login
    client.force_login(User.objects.create(username="mona", is_staff=True, is_superuser=True))
    moderation.hide_message(actor=None, message_id=message["id"], reason="x")
    assert address in client.get(page).content.decode()
    assert body(client.get(address)) == PDF
    operations.delete_message(user_id=scene.customer.pk, message_id=message["id"])
    run_jobs()
    assert address not in client.get(page).content.decode()
    assert client.get(address).status_code == 404


def test_a_message_restored_after_its_files_were_deleted_shows_them_as_expired(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = scene.sent(picture(), "photo.jpg")
    moderation.hide_message(actor=None, message_id=message["id"], reason="x")
    monkeypatch.setattr("conversations.attachments.release.HIDDEN_FOR", timedelta(0))
    assert release_files() == 1
    restored = moderation.restore_message(actor=None, message_id=message["id"], reason="y")
    [shown] = scene.shown(scene.member)["attachments"]
    assert (shown["state"], shown["reason"]) == ("rejected", EXPIRED)
    assert (shown["url"], shown["thumbnailUrl"], shown["placeholder"]) == (None, None, None)
    assert [one.url for one in restored.attachments] == [None]


def test_the_reason_of_a_rejected_file_survives_hide_and_restore(scene: Scene) -> None:
    message = scene.sent()
    row = Attachment.objects.get()
    Attachment.objects.update(state="processing")
    assert row.file_id is not None
    finish(row.pk, row.file_id, {**REJECTED, "reason": "It is broken."})
    moderation.hide_message(actor=None, message_id=message["id"], reason="x")
    moderation.restore_message(actor=None, message_id=message["id"], reason="y")
    assert scene.shown(scene.member)["attachments"][0]["reason"] == "It is broken."


def test_the_page_of_a_report_has_the_files_of_the_message(scene: Scene, client: Client) -> None:
    message, other = scene.sent(), scene.sent()
    Attachment.objects.update(alt="A forged passport")
    about = {"conversationId": str(scene.where.pk), "messageId": message["id"], "reason": "abuse"}
    report = client_of(scene.member).post("/chat/reports", about, format="json").json()["id"]
    operations.delete_message(user_id=scene.customer.pk, message_id=message["id"])
    run_jobs()  # an open report keeps the files of a deleted message
    page = f"/admin/conversations/report/{report}/"
    reader = User.objects.create(username="mona", is_staff=True)
    client.force_login(reader)
    address = f"{page}files/{message['attachments'][0]['id']}/"
    assert client.get(address).status_code == 403
    reader.user_permissions.add(Permission.objects.get(codename="view_report"))
    shown = client.get(f"{page}change/").content.decode()
    assert address in shown
    assert "A forged passport" in shown
    assert body(client.get(address)) == PDF
    assert client.get(f"{page}files/{other['attachments'][0]['id']}/").status_code == 404


def test_staff_without_the_right_see_no_files(scene: Scene, client: Client) -> None:
    [shown] = scene.sent()["attachments"]
    client.force_login(User.objects.create(username="clerk", is_staff=True))
    address = f"/admin/conversations/conversation/{scene.where.pk}/files/{shown['id']}/"
    assert client.get(address).status_code == 403


def test_the_doctor_looks_at_storage_decoders_and_scanner(
    settings: Any, storage: Path, tmp_path: Path
) -> None:
    found = {finding.check: finding.level for finding in doctor.examine()}
    assert found == {
        "attachments.storage": "ok",
        "attachments.image": "ok",
        "attachments.media": "ok",
        "attachments.scanner": "ok",
    }
    assert files_in(storage) == []
    settings.ATTACHMENTS_SCANNER = f"clamd+unix://{tmp_path / 'nobody'}"
    assert [finding.level for finding in doctor.examine()][-1] == "fail"
