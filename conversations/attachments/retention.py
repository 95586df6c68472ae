"""Delete files that are past the retention time of the site or of their business. Their messages stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.errors import DomainError
from conversations import events
from conversations.attachments.models import Attachment
from conversations.attachments.processing import REJECTED, stored_attachments
from conversations.attachments.release import files_of
from conversations.attachments.storage import delete_unreferenced
from conversations.models import Business, ChatMessage, Report
from conversations.writing.message_change import change_message

EXPIRED: Final = "The file has been deleted, because it was too old."
GROUP: Final = 200  # messages of one query


@dataclass
class Expired:
    """The deleted files, or with a dry run those that would be deleted."""

    messages: int = 0
    files: int = 0
    bytes: int = 0


def delete_expired_files(*, dry_run: bool = False) -> Expired:
    """Delete the files of messages that are too old. Each message gets a new `rev` and shows its files as expired.

    The files of a message with an open report stay until the report is resolved.
    """
    done = Expired()
    for business_id, days in kept_days(settings.ATTACHMENT_DAYS, "file_days"):
        rows = _expired(business_id, timezone.now() - timedelta(days=days))
        if dry_run:
            _count(rows, done)
            continue
        while found := list(rows.order_by().values_list("message_id", flat=True).distinct()[:GROUP]):
            for message_id in found:
                _delete_files_if_there(message_id, rows, done)
    return done


def _expired(business_id: UUID, before: datetime) -> QuerySet[Attachment]:
    return Attachment.objects.filter(
        ~Report.is_open_for("message"),
        business_id=business_id,
        file__isnull=False,
        message__created_at__lt=before,
    )


def kept_days(site: int, column: str) -> list[tuple[UUID, int]]:
    """Return the businesses with a retention time. A business's own number of days overrides the site's."""
    rows = Business.objects.order_by("pk").values_list("pk", column)
    days = [(key, site if own is None else own) for key, own in rows.iterator(chunk_size=1000)]
    return [(key, number) for key, number in days if number > 0]


def _count(rows: QuerySet[Attachment], done: Expired) -> None:
    sizes = list(rows.values_list("message_id", "size"))
    done.messages += len({message_id for message_id, _ in sizes})
    done.files += len(sizes)
    done.bytes += sum(size for _, size in sizes)


def _delete_files_if_there(message_id: UUID, rows: QuerySet[Attachment], done: Expired) -> None:
    try:
        _delete_files_of(message_id, rows, done)
    except DomainError as error:
        if error.code != "not_found":
            raise
        # The undo of an import has removed the message since the query.


def _delete_files_of(message_id: UUID, rows: QuerySet[Attachment], done: Expired) -> None:
    with change_message(message_id) as changing:
        # Without those that another run has deleted, or about which somebody has made a report since the query.
        group = list(rows.filter(message_id=message_id).select_for_update(of=("self",)).order_by("pk"))
        if not group:
            return
        files = files_of(group)
        _count_group(group, done)
        ids = [one.pk for one in group]
        Attachment.objects.filter(pk__in=ids).update(**REJECTED, reason=EXPIRED)
        message = changing.message
        message.attachments = stored_attachments(message) if message.attachments else ""
        is_gone = message.deleted_at or message.hidden_at
        changing.publish(events.message_deleted if is_gone else events.message_edited)
    delete_unreferenced(files)


def expire_released_files(message: ChatMessage) -> None:
    """Show files as expired that were deleted while a moderator had hidden their message.

    The caller has locked the conversation, and writes the message.
    """
    if not message.attachments:
        return
    rows = Attachment.objects.select_for_update().filter(message=message).order_by("pk")
    gone = [one.pk for one in rows if one.file_id is None and one.state != Attachment.State.REJECTED]
    if gone:
        Attachment.objects.filter(pk__in=gone).update(**REJECTED, reason=EXPIRED)
        message.attachments = stored_attachments(message)


def _count_group(group: list[Attachment], done: Expired) -> None:
    done.messages += 1
    done.files += len(group)
    done.bytes += sum(one.size for one in group)
