"""The files of canned answers.

They are attachments without an owner. So nobody can send or delete them like an upload of their own, and they stay when
the member who has uploaded them leaves. Whoever uses the answer gets copies, which share the stored bytes.

Whoever uses, changes or deletes an answer locks the answer first, and then its files in the order of their ids.
Otherwise two transactions could each wait for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Prefetch, Q

from chatsite.background.jobs import enqueue
from chatsite.config.limits import limits
from chatsite.errors import DomainError, invalid
from conversations.access import UserId, object_key
from conversations.attachment_objects import AttachmentObject, attachment_object, stored_attachment
from conversations.attachments.jobs import delete_files
from conversations.attachments.operations import copy_uploads
from conversations.attachments.release import files_of
from conversations.models import Attachment, CannedAnswer
from conversations.writing.storage_use import add_use, use_of


def prefetch_files() -> Prefetch[str]:
    """Return a new prefetch for each query, because Django sets the hints of a query on it."""
    return Prefetch("files", Attachment.objects.order_by("position"))


def file_objects(answer: CannedAnswer) -> list[AttachmentObject]:
    rows = sorted(answer.files.all(), key=lambda row: row.position)
    return [attachment_object(stored_attachment(row)) for row in rows]


def set_files(answer: CannedAnswer, user_id: UserId, raw_ids: Sequence[str]) -> None:
    """Let the answer have exactly these files: some that it has, and new uploads of the user, in this order.

    Call it in a transaction that has locked the answer.
    """
    keys = _keys(raw_ids)
    wanted = Q(canned_answer=answer) | Q(pk__in=keys, owner_id=user_id)
    rows = list(Attachment.objects.select_for_update().filter(wanted).order_by("pk"))
    present = {row.pk: row for row in rows if row.canned_answer_id == answer.pk}
    new = {row.pk: row for row in rows if row.pk not in present}
    if len(new) + len(set(keys) & set(present)) < len(keys):
        raise invalid("An attachment is not an upload of yours.", field="attachmentIds")
    if any(row.message_id is not None for row in new.values()):
        raise DomainError("conflict", "An attachment has been sent already.", {"field": "attachmentIds"})
    if any(row.state == Attachment.State.REJECTED for row in new.values()):
        raise DomainError("conflict", "An attachment has been rejected.", {"field": "attachmentIds"})
    use_of(answer.business_id).take(new.values())
    _delete([row for key, row in present.items() if key not in keys])
    for position, key in enumerate(keys):
        kept = {"canned_answer": answer, "owner": None, "business": answer.business_id, "position": position}
        Attachment.objects.filter(pk=key).update(**kept)
    for row in new.values():
        row.business_id = answer.business_id
    add_use(new.values())


def delete_all(answer: CannedAnswer) -> None:
    """Delete the files before the answer itself. Call it in a transaction that has locked the answer."""
    _delete(list(Attachment.objects.select_for_update().filter(canned_answer=answer).order_by("pk")))


def copies_of(answer: CannedAnswer, user_id: UserId) -> list[AttachmentObject]:
    """Return new uploads of the user, one for each file of the answer.

    Call it in a transaction that has locked the answer.
    """
    usable = Attachment.objects.filter(canned_answer=answer).exclude(state=Attachment.State.REJECTED)
    originals = sorted(usable.select_for_update().order_by("pk"), key=lambda row: row.position)
    copies = copy_uploads(user_id, originals) if originals else []
    return [attachment_object(stored_attachment(copy)) for copy in copies]


def _keys(raw_ids: Sequence[str]) -> list[UUID]:
    most = limits().message_attachments
    if len(raw_ids) > most:
        raise invalid(f"An answer can have at most {most} files.", field="attachmentIds", limit=most)
    keys = [object_key(raw_id, "upload") for raw_id in raw_ids]
    if len(set(keys)) < len(keys):
        raise invalid("An attachment is named twice.", field="attachmentIds")
    return keys


def _delete(rows: list[Attachment]) -> None:
    if not rows:
        return
    stored = files_of(rows)
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    enqueue(delete_files, [str(key) for key in stored])
