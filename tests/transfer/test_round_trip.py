"""Another site imports an export, and then has the same data."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from msgspec import UNSET

from conversations import operations
from conversations.attachments.operations import Upload, store_upload
from conversations.models import Attachment, Business, ChatMessage, Conversation
from conversations.requests import SendBody
from tests.conversations.people import business, conversation, person
from tests.transfer.conftest import Run

pytestmark = pytest.mark.django_db

TEXT = b"A list of parts\n"


@pytest.fixture
def exported(tmp_path: Path, export: Callable[..., bytes]) -> Path:
    """A conversation of a business with everything that the format can express."""
    owner, customer = person("owner"), person("customer")
    shop = business(owner)
    where = conversation(shop, customer)

    def send(sender: Any, content: str, via: Any = UNSET, **more: Any) -> Any:
        body = SendBody(content=content, **more)
        return operations.send_message(
            sender_id=sender.pk, conversation_id=where.pk, body=body, via=via
        ).message

    first = send(customer, "Do you have the part?", via="email")
    send(owner, "Yes", reply_to=str(first.id))
    operations.edit_message(user_id=customer.pk, message_id=first.id, content="Do you have part 7?")
    operations.delete_message(user_id=customer.pk, message_id=send(customer, "Oops").id)
    upload = store_upload(
        owner.pk, Upload(file=io.BytesIO(TEXT), name="parts.txt", size=len(TEXT), alt="A list of parts")
    )
    send(owner, "", attachment_ids=[str(upload.pk)])
    operations.mark_read(user_id=customer.pk, conversation_id=where.pk)
    path = tmp_path / "export.jsonl"
    export(path, "--business", shop.slug, "--files", str(tmp_path / "files"))
    path.write_bytes(path.read_bytes().replace(shop.slug.encode(), b"other-shop"))
    return path


def kept(text: bytes) -> list[dict[str, Any]]:
    """Return the lines without the ids, which each site assigns itself."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        line.pop("id", None)
        line["replyTo"] = "replyTo" in line
        for file in line.get("files", ()):
            del file["path"]
    return lines


def test_a_round_trip(exported: Path, run: Run, export: Callable[..., bytes], tmp_path: Path) -> None:
    files = ("--files", str(tmp_path / "files"), "--create-businesses", "--former-members")
    said = run(exported, *files)
    assert "Imported: 4 messages with 1 files" in said
    assert "0 people, 1 businesses" in said
    assert "Rejected: 0" in said
    again = export(tmp_path / "again.jsonl", "--business", "other-shop", "--files", str(tmp_path / "files2"))
    assert kept(again) == kept(exported.read_bytes())
    (stored,) = Attachment.objects.filter(message__conversation__business__slug="other-shop")
    assert [path.read_bytes() for path in (tmp_path / "files2").rglob("*") if path.is_file()] == [TEXT]
    assert stored.business is not None
    where = Conversation.objects.get(business__slug="other-shop")
    assert (where.last_seq, where.customer_unread, where.business_unread) == (4, 0, 1)
    assert "Imported: 0 messages" in run(exported, *files)
    assert "The file and the import agree." in run(exported, "--verify", *files)


def test_a_message_that_has_changed_since_in_the_file_differs(
    exported: Path, run: Run, tmp_path: Path
) -> None:
    options = ("--files", str(tmp_path / "files"), "--create-businesses", "--former-members")
    run(exported, *options)
    exported.write_bytes(exported.read_bytes().replace(b'"Yes"', b'"No"'))
    with pytest.raises(SystemExit):
        run(exported, "--verify", *options)


def test_undo_removes_only_imported_rows(exported: Path, run: Run, tmp_path: Path) -> None:
    before = ChatMessage.objects.count(), Conversation.objects.count()
    run(exported, "--files", str(tmp_path / "files"), "--create-businesses", "--former-members")
    said = run(exported, "--undo")
    assert "Removed: 4 messages" in said
    assert (ChatMessage.objects.count(), Conversation.objects.count()) == before
    assert not Business.objects.filter(slug="other-shop").exists()


def test_a_dry_run_stores_nothing(exported: Path, run: Run, storage: Path, tmp_path: Path) -> None:
    before = ChatMessage.objects.count(), Business.objects.count(), len(list(storage.rglob("*")))
    options = ("--files", str(tmp_path / "files"), "--create-businesses", "--former-members", "--dry-run")
    assert "Would be imported: 4 messages with 1 files" in run(exported, *options)
    assert (ChatMessage.objects.count(), Business.objects.count(), len(list(storage.rglob("*")))) == before


def test_paths_out_of_the_folder_are_refused(exported: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the machine")
    lines = [json.loads(line) for line in exported.read_bytes().splitlines()]
    for line in lines:
        for file in line.get("files", ()):
            file["path"] = "../secret"
    exported.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = run(exported, "--files", str(tmp_path / "files"), "--create-businesses", "--former-members")
    assert "bad_file: 1" in said
    assert not Attachment.objects.filter(message__conversation__business__slug="other-shop").exists()


def test_a_file_that_is_cut_off_says_so(exported: Path, run: Run, tmp_path: Path) -> None:
    exported.write_bytes(b"".join(exported.read_bytes().splitlines(keepends=True)[:-2]))
    options = ("--files", str(tmp_path / "files"), "--create-businesses", "--former-members", "--batch", "1")
    with pytest.raises(CommandError, match="incomplete"):
        run(exported, *options)
    assert ChatMessage.objects.filter(conversation__business__slug="other-shop").count() == 3
