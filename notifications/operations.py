"""Every change of a user's notifications. `notify` is the one door for new ones.

Each takes the next `rev` under the lock of the user's inbox, and tells all the user's devices after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations.access import UserId, object_key
from conversations.operations import storable
from notifications import events, types
from notifications.inbox import lock_inbox, take_rev, unread_rows
from notifications.models import Notification
from notifications.serializers import NotificationObject, ReadAll, ReadAllAnswer, notification_object

LENGTHS: Final = {"title": 200, "body": 4_000, "actionUrl": 500, "dedupeKey": 200}
DATA_BYTES: Final = 16 * 1024


# --- What may be told -------------------------------------------------------------------------------------------------


def _clean_text(field: str, text: str) -> str:
    if len(text) > LENGTHS[field]:
        raise DomainError(
            "too_large", f"At most {LENGTHS[field]} characters.", {"field": field, "limit": LENGTHS[field]}
        )
    if not storable(text):
        raise invalid("A character cannot be stored.", field=field)
    return text


def _shortened(field: str, text: str) -> str:
    """A type's text grows with the names in it, which is nobody's mistake."""
    return text if len(text) <= LENGTHS[field] else f"{text[: LENGTHS[field] - 1]}…"


def _clean_action_url(url: str) -> str:
    """A path of this site or an https address: what a client follows must not be a script or a plain-text site."""
    is_path = url.startswith("/") and not url.startswith(("//", "/\\"))
    if url and not is_path and not url.startswith("https://"):
        raise invalid("An action URL is a path of this site or an https address.", field="actionUrl")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise invalid("An action URL has no blanks.", field="actionUrl")
    return _clean_text("actionUrl", url)


def _clean_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as the JSON that clients will see."""
    try:
        encoded = msgspec.json.encode(data)
        decoded = msgspec.json.decode(encoded, type=dict[str, Any])
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise invalid("The data of a notification is a JSON object.", field="data") from error
    if len(encoded) > DATA_BYTES:
        raise DomainError("too_large", f"At most {DATA_BYTES} bytes.", {"field": "data", "limit": DATA_BYTES})
    if b"\\u0000" in encoded.replace(b"\\\\", b""):  # the escape, not a backslash followed by u0000
        raise invalid("A character cannot be stored.", field="data")
    return decoded


# --- Telling ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def notify(
    *,
    recipient_id: UserId,
    type: str,  # noqa: A002  as it is called on the wire and in the model
    title: str = "",
    body: str = "",
    action_url: str = "",
    data: Mapping[str, Any] | None = None,
    dedupe_key: str | None = None,
) -> NotificationObject:
    """Tell a user something, on every device. What is not given comes from the declaration of the type.

    With a `dedupe_key` that the recipient has had before, nothing happens and the stored one is answered, even if the
    user has deleted it. Who tells several users in one transaction locks their inboxes first (`lock_inboxes`).
    """
    declared = types.find(type)
    given = _clean_data(data or {})
    row = Notification(
        recipient_id=recipient_id,
        type=declared.name,
        title=_clean_text("title", title or _shortened("title", declared.title_of(given))),
        body=_clean_text("body", body or _shortened("body", declared.body_of(given))),
        action_url=_clean_action_url(action_url or declared.action_url_of(given)),
        data=given,
        dedupe_key=None if dedupe_key is None else _clean_text("dedupeKey", dedupe_key),
    )
    if not row.title.strip():
        raise invalid("A notification needs a title.", field="title")
    inbox = lock_inbox(recipient_id)
    known = _find_told(recipient_id, row.dedupe_key)
    if known is not None:
        return notification_object(known)
    row.created_rev = row.rev = take_rev(inbox)
    row.save(force_insert=True)
    _tell(row)
    return notification_object(row)


def _find_told(recipient_id: UserId, dedupe_key: str | None) -> Notification | None:
    if dedupe_key is None:
        return None
    return Notification.objects.filter(recipient_id=recipient_id, dedupe_key=dedupe_key).first()


def _tell(row: Notification, read_all: ReadAll | None = None) -> None:
    count = unread_rows(row.recipient_id).count()
    broadcast_on_commit([events.notification(row, rev=row.rev, unread_count=count, read_all=read_all)])


# --- Reading and deleting ---------------------------------------------------------------------------------------------


@transaction.atomic
def mark_read(*, user_id: UserId, notification_id: str | UUID) -> NotificationObject:
    """The user has seen it. Again changes nothing."""
    key = object_key(notification_id, "notification")
    inbox = lock_inbox(user_id)
    row = Notification.objects.filter(pk=key, recipient_id=user_id, deleted_at=None).first()
    if row is None:
        raise not_found("notification")
    if row.read_at is None:
        row.rev, row.read_at = take_rev(inbox), timezone.now()
        row.save(update_fields=["rev", "read_at"])
        _tell(row)
    return notification_object(row)


@transaction.atomic
def mark_answered(*, recipient_id: UserId, dedupe_key: str) -> None:
    """What it was about is settled, so the notification with this key need not be looked at any more."""
    lock_inbox(recipient_id)
    row = _find_told(recipient_id, dedupe_key)
    if row is not None and row.deleted_at is None:
        mark_read(user_id=recipient_id, notification_id=row.pk)


@transaction.atomic
def mark_all_read(*, user_id: UserId, kind: str | None = None) -> ReadAllAnswer:
    """The user has seen all, or all of one type. One change with one event, however many there are."""
    inbox = lock_inbox(user_id)
    unread = Notification.objects.filter(recipient_id=user_id, read_at=None, deleted_at=None)
    if kind is not None:
        unread = unread.filter(type=types.find(kind).name)
    now = timezone.now()
    updated = unread.update(read_at=now, rev=inbox.rev + 1)
    if updated:
        rev = take_rev(inbox)
        newest = Notification.objects.filter(recipient_id=user_id, rev=rev).order_by("-created_rev")[0]
        _tell(newest, ReadAll(type=kind, read_at=now))
    return ReadAllAnswer(updated=updated, unread_count=unread_rows(user_id).count())


@transaction.atomic
def delete_notification(*, user_id: UserId, notification_id: str | UUID) -> None:
    """Take it out of the user's list. The row stays, empty, so that other devices learn of it when they come back."""
    key = object_key(notification_id, "notification")
    inbox = lock_inbox(user_id)
    row = Notification.objects.filter(pk=key, recipient_id=user_id, deleted_at=None).first()
    if row is None:
        raise not_found("notification")
    row.rev, row.deleted_at = take_rev(inbox), timezone.now()
    row.title = row.body = row.action_url = ""
    row.data = {}
    row.save(update_fields=["rev", "deleted_at", "title", "body", "action_url", "data"])
    _tell(row)
