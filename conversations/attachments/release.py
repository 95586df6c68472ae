"""Delete the bytes of deleted messages and of erased people. Nobody can fetch them by then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from conversations.access import UserId
from conversations.attachments.models import Attachment, DirectUpload
from conversations.attachments.storage import delete_unreferenced
from conversations.models import ChatMessage, Report

HIDDEN_FOR: Final = timedelta(days=30)  # for which a moderator can restore a hidden message with its files
GROUP: Final = 200
_GONE: Final[dict[str, Any]] = {"file": None, "thumbnail": None, "placeholder": ""}


def release_files(message_id: UUID | None = None) -> int:
    """Delete the files of messages that are gone: of this one, or of all.

    A message that its sender has deleted keeps them while a report of it is open, for the moderators.
    """
    deleted = Q(message__deleted_at__isnull=False)
    hidden = Q(message__hidden_at__lt=timezone.now() - HIDDEN_FOR)
    rows = Attachment.objects.filter(deleted | hidden, ~Report.is_open_for("message"), file__isnull=False)
    if message_id is not None:
        rows = rows.filter(message_id=message_id)
    released = 0
    while found := _release_group(rows):
        released += found
    return released


def _release_group(rows: QuerySet[Attachment]) -> int:
    with transaction.atomic():
        locked = list(rows.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:GROUP])
        # A moderator may have restored a message before its rows were locked.
        group = list(rows.filter(pk__in=[one.pk for one in locked]))
        files = files_of(group)
        Attachment.objects.filter(pk__in=[one.pk for one in group]).update(**_GONE)
    delete_unreferenced(files)
    return len(group)


def forget_files(messages: Iterable[ChatMessage]) -> list[UUID]:
    """Take the files and their names from messages of an erased person. Returns what is to be deleted.

    The caller has locked the conversation, and writes the messages.
    """
    rows = Attachment.objects.select_for_update().filter(message__in=list(messages)).order_by("pk")
    files = files_of(rows)
    rows.update(**_GONE, owner=None, name="", alt="", waveform="")
    return files


def forget_uploads(user_id: UserId) -> list[UUID]:
    """Delete what an erased person has uploaded and not sent. Returns the files that are to be deleted.

    The places of direct uploads stay until their own jobs delete them, because their forms are still valid.
    """
    DirectUpload.objects.filter(owner_id=user_id).update(name="", alt="")
    rows = Attachment.objects.filter(owner_id=user_id, message=None)
    files = files_of(rows.select_for_update().order_by("pk"))
    rows.delete()
    return files


def files_of(attachments: Iterable[Attachment]) -> list[UUID]:
    named = [key for one in attachments for key in (one.file_id, one.thumbnail_id)]
    return [key for key in named if key is not None]
