"""Change a user's notifications. Every new one goes through `notify`.

Each change takes the next `rev` under the lock of the user's inbox and reaches all the user's devices after the commit.
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
from conversations.validation import clean_text
from notifications import events, types
from notifications.inbox import lock_inbox, take_rev, unread_rows
from notifications.models import Notification
from notifications.serializers import NotificationObject, ReadAll, ReadAllAnswer, notification_object

LENGTHS: Final = {"title": 200, "body": 4_000, "actionUrl": 500, "dedupeKey": 200}
DATA_BYTES: Final = 16 * 1024


# --- Validation -------------------------------------------------------------------------------------------------------


def _clean(field: str, text: str) -> str:
    return clean_text(text, field=field, limit=LENGTHS[field])


def _shortened(field: str, text: str) -> str:
    """Shorten a type's text. Long names can make it exceed the limit, which is not the caller's error."""
    return text if len(text) <= LENGTHS[field] else f"{text[: LENGTHS[field] - 1]}…"


def _clean_action_url(url: str) -> str:
    """Accept a path of this site or an https URL. Clients must not follow scripts or unencrypted links."""
    is_path = url.startswith("/") and not url.startswith(("//", "/\\"))
    if url and not is_path and not url.startswith("https://"):
        raise invalid("actionUrl must be a path of this site or an https URL.", field="actionUrl")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise invalid("actionUrl must not contain whitespace.", field="actionUrl")
    return _clean("actionUrl", url)


def _clean_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data as clients will see it in JSON."""
    try:
        encoded = msgspec.json.encode(data)
        decoded = msgspec.json.decode(encoded, type=dict[str, Any])
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise invalid("data must be a JSON object.", field="data") from error
    if len(encoded) > DATA_BYTES:
        raise DomainError(
            "too_large", f"data must not exceed {DATA_BYTES} bytes.", {"field": "data", "limit": DATA_BYTES}
        )
    if b"\\u0000" in encoded.replace(b"\\\\", b""):  # the escape, not a backslash followed by u0000
        raise invalid("data contains a character that cannot be stored.", field="data")
    return decoded


# --- Notifying --------------------------------------------------------------------------------------------------------


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
    """Notify a user on every device. Texts that are not given come from the type's declaration.

    If the recipient has had the `dedupe_key` before, return the stored notification, even a deleted one. A transaction
    that notifies several users locks their inboxes first with `lock_inboxes`.
    """
    declared = types.find(type)
    given = _clean_data(data or {})
    row = Notification(
        recipient_id=recipient_id,
        type=declared.name,
        title=_clean("title", title or _shortened("title", declared.title_of(given))),
        body=_clean("body", body or _shortened("body", declared.body_of(given))),
        action_url=_clean_action_url(action_url or declared.action_url_of(given)),
        data=given,
        dedupe_key=None if dedupe_key is None else _clean("dedupeKey", dedupe_key),
    )
    if not row.title.strip():
        raise invalid("title is required.", field="title")
    inbox = lock_inbox(recipient_id)
    known = _find_by_dedupe_key(recipient_id, row.dedupe_key)
    if known is not None:
        return notification_object(known)
    row.created_rev = row.rev = take_rev(inbox)
    row.save(force_insert=True)
    _broadcast(row)
    return notification_object(row)


def _find_by_dedupe_key(recipient_id: UserId, dedupe_key: str | None) -> Notification | None:
    if dedupe_key is None:
        return None
    return Notification.objects.filter(recipient_id=recipient_id, dedupe_key=dedupe_key).first()


def _broadcast(row: Notification, read_all: ReadAll | None = None) -> None:
    count = unread_rows(row.recipient_id).count()
    broadcast_on_commit([events.notification(row, rev=row.rev, unread_count=count, read_all=read_all)])


# --- Reading and deleting ---------------------------------------------------------------------------------------------


def _find_own(user_id: UserId, notification_id: str | UUID) -> Notification:
    key = object_key(notification_id, "notification")
    row = Notification.objects.filter(pk=key, recipient_id=user_id, deleted_at=None).first()
    if row is None:
        raise not_found("notification")
    return row


@transaction.atomic
def mark_read(*, user_id: UserId, notification_id: str | UUID) -> NotificationObject:
    """Mark the notification as read. Repeating changes nothing."""
    inbox = lock_inbox(user_id)
    row = _find_own(user_id, notification_id)
    if row.read_at is None:
        row.rev, row.read_at = take_rev(inbox), timezone.now()
        row.save(update_fields=["rev", "read_at"])
        _broadcast(row)
    return notification_object(row)


@transaction.atomic
def mark_answered(*, recipient_id: UserId, dedupe_key: str) -> None:
    """Mark the notification with this key as read, because its invitation or offer is settled."""
    lock_inbox(recipient_id)
    row = _find_by_dedupe_key(recipient_id, dedupe_key)
    if row is not None and row.deleted_at is None:
        mark_read(user_id=recipient_id, notification_id=row.pk)


@transaction.atomic
def mark_all_read(*, user_id: UserId, kind: str | None = None) -> ReadAllAnswer:
    """Mark all notifications, or all of one type, as read. This is one change with one event."""
    inbox = lock_inbox(user_id)
    unread = Notification.objects.filter(recipient_id=user_id, read_at=None, deleted_at=None)
    if kind is not None:
        unread = unread.filter(type=types.find(kind).name)
    now = timezone.now()
    updated = unread.update(read_at=now, rev=inbox.rev + 1)
    if updated:
        rev = take_rev(inbox)
        newest = Notification.objects.filter(recipient_id=user_id, rev=rev).order_by("-created_rev")[0]
        _broadcast(newest, ReadAll(type=kind, read_at=now))
    return ReadAllAnswer(updated=updated, unread_count=unread_rows(user_id).count())


@transaction.atomic
def delete_notification(*, user_id: UserId, notification_id: str | UUID) -> None:
    """Delete the notification from the user's list. The empty row stays, so that other devices learn about it later."""
    inbox = lock_inbox(user_id)
    row = _find_own(user_id, notification_id)
    row.rev, row.deleted_at = take_rev(inbox), timezone.now()
    row.title = row.body = row.action_url = ""
    row.data = {}
    row.save(update_fields=["rev", "deleted_at", "title", "body", "action_url", "data"])
    _broadcast(row)
