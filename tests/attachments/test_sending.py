"""A user uploads a file and sends it in a message, and the other side fetches it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import operations
from conversations.attachments.models import Attachment
from conversations.attachments.processing import process
from conversations.attachments.release import release_files
from conversations.models import ChatMessage, Report
from conversations.moderation import erasure
from conversations.moderation import operations as moderation
from conversations.requests import SendBody
from tests.attachments.contents import PDF, picture
from tests.attachments.files import Scene, attachment, body, files_in, refused, run_jobs, upload
from tests.conversations.people import client_of, person


def test_a_file_is_sent_and_fetched(scene: Scene) -> None:
    made = upload(scene.customer, PDF)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["kind"], shown["name"], shown["size"]) == ("file", "report.pdf", len(PDF))
    assert (shown["contentType"], shown["state"]) == ("application/pdf", "ready")
    message = scene.send(scene.customer, shown["id"]).json()
    assert message["content"] == "report.pdf"
    assert message["messageType"] == "file"
    assert [one["id"] for one in message["attachments"]] == [shown["id"]]
    page = client_of(scene.member).get(f"/chat/conversations/{scene.where.pk}/messages").json()
    [seen] = page["results"][0]["attachments"]
    fetched = client_of(scene.member).get(f"/chat/attachments/{seen['id']}")
    assert fetched.status_code == 200
    assert body(fetched) == PDF


def test_an_address_with_a_signature_needs_no_credentials(scene: Scene, client: Any) -> None:
    [shown] = scene.sent()["attachments"]
    assert body(client.get(shown["url"])) == PDF
    plain = shown["url"].partition("?")[0]
    assert refused(client.get(plain)) == (401, "unauthenticated")
    assert refused(client.get(f"{plain}?until=99999999999&signature=x")) == (401, "unauthenticated")
    other = shown["url"].replace(shown["id"], str(uuid4()))
    assert refused(client.get(other)) == (401, "unauthenticated")


def test_outsiders_see_no_file(scene: Scene) -> None:
    made = upload(scene.customer, PDF).json()
    address = f"/chat/attachments/{made['id']}"
    assert refused(client_of(scene.member).get(address)) == (404, "not_found")  # it has not been sent
    assert body(client_of(scene.customer).get(address)) == PDF
    scene.send(scene.customer, made["id"])
    assert refused(client_of(person()).get(address)) == (404, "not_found")
    assert body(client_of(scene.member).get(address)) == PDF
    scene.member.memberships.all().delete()
    assert refused(client_of(scene.member).get(address)) == (404, "not_found")


def test_each_upload_is_used_once_and_by_its_owner(scene: Scene) -> None:
    first = upload(scene.customer, PDF).json()["id"]
    assert refused(scene.send(scene.member, first)) == (400, "invalid")
    assert refused(scene.send(scene.customer, str(uuid4()))) == (400, "invalid")
    assert refused(scene.send(scene.customer, "no-id")) == (400, "invalid")
    assert refused(scene.send(scene.customer, first, first)) == (400, "invalid")
    assert scene.send(scene.customer, first).status_code == 201
    assert refused(scene.send(scene.customer, first)) == (409, "conflict")
    assert ChatMessage.objects.count() == 1


def test_a_message_has_at_most_ten(scene: Scene) -> None:
    ids = [upload(scene.customer, PDF).json()["id"] for _ in range(11)]
    assert refused(scene.send(scene.customer, *ids)) == (413, "too_large")
    sent = scene.send(scene.customer, *reversed(ids[:10]), content="ten").json()
    assert sent["content"] == "ten"
    assert [one["id"] for one in sent["attachments"]] == ids[9::-1]


def test_a_repeated_send_gives_the_same_message(scene: Scene) -> None:
    made = upload(scene.customer, PDF).json()["id"]
    first = scene.send(scene.customer, made, clientId="once")
    again = scene.send(scene.customer, made, clientId="once")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_a_message_needs_content_or_files(scene: Scene) -> None:
    assert refused(scene.send(scene.customer)) == (400, "invalid")


def test_an_unused_upload_can_be_discarded(scene: Scene, storage: Path) -> None:
    made = upload(scene.customer, PDF).json()["id"]
    address = f"/chat/uploads/{made}"
    assert refused(client_of(scene.member).delete(address)) == (404, "not_found")
    assert client_of(scene.customer).delete(address).status_code == 204
    assert refused(client_of(scene.customer).delete(address)) == (404, "not_found")
    run_jobs()
    assert not files_in(storage)
    sent = scene.sent()["attachments"][0]["id"]
    assert refused(client_of(scene.customer).delete(f"/chat/uploads/{sent}")) == (409, "conflict")


@pytest.mark.parametrize("way", ["deleted", "hidden", "erased"])
def test_every_address_of_a_gone_message_is_not_found(
    scene: Scene, client: Any, storage: Path, way: str
) -> None:
    message = scene.sent(picture(), "photo.jpg")
    [shown] = message["attachments"]
    assert body(client.get(shown["thumbnailUrl"]))
    if way == "deleted":
        operations.delete_message(user_id=scene.customer.pk, message_id=message["id"])
    elif way == "hidden":
        moderation.hide_message(actor=None, message_id=message["id"], reason="x")
    else:
        erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="x")
    for address in (shown["url"], shown["thumbnailUrl"]):
        assert refused(client.get(address)) == (404, "not_found")
        assert refused(client_of(scene.member).get(address.partition("?")[0])) == (404, "not_found")
    page = client_of(scene.member).get(f"/chat/conversations/{scene.where.pk}/messages").json()
    assert page["results"][0]["attachments"] == []
    run_jobs()
    assert bool(files_in(storage)) == (way == "hidden")  # a moderator can restore a hidden one


def test_a_restored_message_has_its_files_again(scene: Scene) -> None:
    message = scene.sent()
    moderation.hide_message(actor=None, message_id=message["id"], reason="x")
    release_files()
    moderation.restore_message(actor=None, message_id=message["id"], reason="y")
    [shown] = scene.shown(scene.member)["attachments"]
    assert body(client_of(scene.member).get(shown["url"])) == PDF


def test_a_hidden_message_loses_its_files_in_the_end(
    scene: Scene, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = scene.sent()
    moderation.hide_message(actor=None, message_id=message["id"], reason="x")
    monkeypatch.setattr("conversations.attachments.release.HIDDEN_FOR", timedelta(0))
    assert release_files() == 1
    assert not files_in(storage)


def test_a_reported_message_keeps_its_files_for_the_moderators(scene: Scene, storage: Path) -> None:
    message = scene.sent()
    body = {"conversationId": str(scene.where.pk), "messageId": message["id"], "reason": "abuse"}
    assert client_of(scene.member).post("/chat/reports", body, format="json").status_code == 201
    operations.delete_message(user_id=scene.customer.pk, message_id=message["id"])
    run_jobs()
    assert files_in(storage)
    Report.objects.update(status="resolved", outcome="dismissed", resolved_at=timezone.now())
    assert release_files() == 1
    assert not files_in(storage)


def test_the_end_of_processing_takes_a_rev(scene: Scene) -> None:
    made = upload(scene.customer, picture(), "photo.jpg").json()
    assert made["state"] == "processing"
    assert (made["width"], made["height"], made["url"]) == (1200, 900, None)
    assert made["placeholder"].startswith("data:image/webp;base64,")
    sent = scene.send(scene.customer, made["id"]).json()
    assert sent["messageType"] == "image"
    assert sent["attachments"][0]["placeholder"] == made["placeholder"]
    before = scene.rev()
    process(made["id"])
    process(made["id"])  # a job may run twice
    assert scene.rev() == before + 1
    page = client_of(scene.member).get(f"/chat/conversations/{scene.where.pk}/messages").json()
    [shown] = page["results"][0]["attachments"]
    assert shown["state"] == "ready"
    assert attachment(shown).thumbnail is not None
    assert body(client_of(scene.member).get(shown["thumbnailUrl"]))[8:12] == b"WEBP"


def test_the_description_of_a_picture_reaches_the_other_side(scene: Scene) -> None:
    made = upload(scene.customer, picture(), "photo.jpg", alt=" A red bicycle\nat a wall ").json()
    assert made["alt"] == "A red bicycle\nat a wall"
    process(made["id"])
    message = scene.send(scene.customer, made["id"]).json()
    assert message["attachments"][0]["alt"] == made["alt"]
    assert scene.shown(scene.member)["attachments"][0]["alt"] == made["alt"]
    assert scene.sent()["attachments"][0]["alt"] is None
    for alt, error in (("x" * 1001, (413, "too_large")), ("a\x00b", (400, "invalid"))):
        answer = upload(scene.customer, PDF, alt=alt)
        assert refused(answer) == error
        assert answer.json()["error"]["details"]["field"] == "alt"
    erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="x")
    assert set(Attachment.objects.values_list("alt", flat=True)) == {""}


def test_search_finds_messages_with_files(scene: Scene) -> None:
    made = upload(scene.customer, PDF).json()["id"]
    scene.send(scene.customer, made, content="see here", messageType="text")
    operations.send_message(
        sender_id=scene.customer.pk, conversation_id=scene.where.pk, body=SendBody(content="no file")
    )
    found = client_of(scene.member).get("/chat/search?has=attachment").json()["results"]
    assert [one["message"]["content"] for one in found] == ["see here"]
