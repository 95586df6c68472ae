"""Export conversations in the documented form, in small pages, so that the memory does not grow.

The last line is the end line; a file without it is incomplete. Hidden and deleted messages are exported with what the
site still has of them, so that an import on another site is complete.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from django.contrib.auth import get_user_model
from django.db.models import Prefetch

from chatsite.identity.names import display_name, email_field
from chatsite.transfer.records import (
    ConversationLine,
    EndLine,
    HeaderLine,
    MessageLine,
    SourceBusiness,
    SourceEdit,
    SourceFile,
    SourcePerson,
)
from conversations.attachments.storage import open_file
from conversations.models import Attachment, ChatMessage, Conversation, MessageEdit

_PAGE: Final = 200
_SAME: Final = (  # columns that are fields of a line under the same name
    "sender_side",
    "sender_kind",
    "via",
    "content",
    "message_type",
    "created_at",
    "delivered_at",
    "read_at",
    "edited_at",
    "deleted_at",
    "hidden_at",
)


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What to export. Without `files`, the files are named and not copied."""

    business: str = ""  # a slug; "" exports every business
    since: datetime | None = None  # only messages from this time on
    files: Path | None = None


def export_lines(options: ExportOptions) -> Iterator[bytes]:
    """Yield the lines of the export."""
    count = 0
    for line in _objects(options):
        yield msgspec.json.encode(line) + b"\n"
        count += 1
    yield msgspec.json.encode(EndLine(lines=count)) + b"\n"


def _objects(options: ExportOptions) -> Iterator[msgspec.Struct]:
    yield HeaderLine(format="business-chat", version=1)
    for conversation in _conversations(options):
        yield ConversationLine(
            id=str(conversation.pk),
            business=SourceBusiness(slug=conversation.business.slug, name=conversation.business.name),
            customer=_person(conversation.customer),
        )
        yield from _messages(conversation.pk, options)


def _conversations(options: ExportOptions) -> Iterator[Conversation]:
    rows = Conversation.objects.select_related("business", "customer").order_by("pk")
    if options.business:
        rows = rows.filter(business__slug=options.business)
    page = list(rows[:_PAGE])
    while page:
        yield from page
        page = list(rows.filter(pk__gt=page[-1].pk)[:_PAGE])


def _messages(conversation_id: UUID, options: ExportOptions) -> Iterator[MessageLine]:
    rows = ChatMessage.objects.filter(conversation=conversation_id).order_by("seq")
    if options.since:
        rows = rows.filter(created_at__gte=options.since)
    files = Attachment.objects.select_related("file").order_by("position")
    rows = rows.prefetch_related(
        Prefetch("edits", MessageEdit.objects.order_by("pk")), Prefetch("files", files)
    )
    after = 0
    while page := list(rows.filter(seq__gt=after)[:_PAGE]):
        people = _people(page)
        yield from (_message(message, people, options) for message in page)
        after = page[-1].seq


def _people(messages: Iterable[ChatMessage]) -> dict[Any, SourcePerson]:
    ids = {message.sender_id for message in messages if message.sender_id is not None}
    return {user.pk: _person(user) for user in get_user_model()._default_manager.filter(pk__in=ids)}


def _person(user: Any) -> SourcePerson:
    address = email_field()
    return SourcePerson(
        id=str(user.pk),
        username=str(user.get_username()),
        email=(getattr(user, address) or "") if address else "",
        name=display_name(user),
    )


def _message(message: ChatMessage, people: dict[Any, SourcePerson], options: ExportOptions) -> MessageLine:
    values: dict[str, Any] = {name: getattr(message, name) for name in _SAME}
    return MessageLine(
        id=str(message.pk),
        sender=people.get(message.sender_id),
        reply_to=None if message.reply_to_id is None else str(message.reply_to_id),
        files=_files(list(message.files.all()), options),
        edits=[
            SourceEdit(content=edit.content, replaced_at=edit.replaced_at) for edit in message.edits.all()
        ],
        **values,
    )


def _files(attachments: Sequence[Attachment], options: ExportOptions) -> list[SourceFile]:
    """Return the files that the site still has. With `files`, copy those that are not there yet."""
    found = []
    for attachment in attachments:
        if attachment.file is None:
            continue
        path = f"{str(attachment.pk)[-2:]}/{attachment.pk}"
        if options.files is not None:
            _copy(attachment.file.key, attachment.file.size, options.files / path)
        recording = attachment.kind == Attachment.Kind.VOICE
        found.append(SourceFile(name=attachment.name, path=path, recording=recording, alt=attachment.alt))
    return found


def _copy(key: str, size: int, target: Path) -> None:
    """Copy to a temporary name first, so that a killed run leaves no half file under the right one."""
    if target.is_file() and target.stat().st_size == size:
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with open_file(key) as source, part.open("wb") as copy:
        part.chmod(0o600)
        shutil.copyfileobj(source, copy)
    part.replace(target)
