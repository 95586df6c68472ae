"""Read notifications, invitations and offers. Each function runs a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone

from chatsite.errors import DomainError
from chatsite.http.byte_budget import ByteBudget
from conversations.access import UserId, object_key, require_owner
from conversations.models import Conversation
from notifications import access, types
from notifications.inbox import unread_rows
from notifications.models import Inbox, Invitation, Notification, Offer
from notifications.serializers import NotificationObject, UnreadNotifications, notification_object

# --- Notifications ----------------------------------------------------------------------------------------------------


def notifications(
    user_id: UserId, *, kind: str | None = None, unread: bool | None = None
) -> QuerySet[Notification]:
    """Return the user's notifications, newest first."""
    rows = Notification.objects.filter(recipient_id=user_id, deleted_at=None).order_by("-created_rev")
    if kind is not None:
        rows = rows.filter(type=types.find(kind).name)
    if unread is not None:
        rows = rows.filter(read_at__isnull=unread)
    return rows


def unread(user_id: UserId) -> UnreadNotifications:
    """Count the user's unread notifications in total and by type. One query over a partial index."""
    counts = dict(unread_rows(user_id).values_list("type").annotate(count=Count("pk")))
    return UnreadNotifications(total=sum(counts.values()), types=counts)


# --- Sync -------------------------------------------------------------------------------------------------------------


@dataclass
class Changes:
    """The changes of a user's notifications that a client has missed, up to `rev`."""

    rev: int
    changed: list[NotificationObject] = field(default_factory=list)
    deleted: list[UUID] = field(default_factory=list)
    resync: bool = False


def changes_after(user_id: UserId, known: str | None, budget: ByteBudget | None = None) -> Changes:
    """Return the changes after `known`: the last `rev` that a client applied, or the id of its newest notification.

    Runs at most three queries. Reads the inbox's `rev` first. A concurrent change may therefore be in the answer and
    arrive again as an event, but none is lost.
    """
    inbox = Inbox.objects.filter(pk=user_id).first() or Inbox(user_id=user_id)
    changes = Changes(rev=inbox.rev)
    position = _position_of(user_id, known)
    if position is None or position.rev > inbox.rev or 0 < position.rev < inbox.pruned_rev:
        changes.resync = True
        return changes
    if position.changes_after == inbox.rev:
        return changes
    rows = Notification.objects.filter(recipient_id=user_id, rev__gt=position.changes_after).order_by(
        "rev", "created_rev"
    )
    if position.rev == 0:  # a client without notifications does not need the deleted ones
        rows = rows.filter(deleted_at=None)
    found = list(rows[: settings.CHAT.page_most + 1])
    changed = (budget or ByteBudget()).take_all(
        notification_object(row) for row in found if row.deleted_at is None
    )
    if changed is None or len(found) > settings.CHAT.page_most:
        changes.resync = True
        return changes
    changes.changed = changed
    changes.deleted = [row.pk for row in found if row.deleted_at is not None]
    return changes


@dataclass
class _Position:
    """The `rev` that a client knows, and the `rev` after which it needs the changes."""

    rev: int
    changes_after: int


def _position_of(user_id: UserId, known: str | None) -> _Position | None:
    """Return the client's position, or None if it is unknown.

    An id says less than a `rev`. The client has that notification but may have missed an earlier event, so the answer
    starts one page further back.
    """
    if not known:
        return _Position(0, 0)
    if known.isascii() and known.isdigit() and len(known) <= 18:
        return _Position(int(known), int(known))
    try:
        key = object_key(known, "notification")
    except DomainError:
        return None
    rows = Notification.objects.filter(pk=key, recipient_id=user_id)
    rev = rows.values_list("created_rev", flat=True).first()
    return None if rev is None else _Position(rev, max(0, rev - settings.CHAT.page_default))


@dataclass
class InboxState:
    """An inbox's `rev` and unread count, with its newest notification."""

    rev: int
    unread_count: int
    newest: Notification


def inbox_revs(user_ids: Collection[UserId]) -> dict[UserId, int]:
    """Return the `rev` of each user who has an inbox. One query."""
    return dict(Inbox.objects.filter(pk__in=user_ids).values_list("pk", "rev"))


def inbox_states(user_ids: list[UserId]) -> list[InboxState]:
    """Return the state of each inbox that has a notification. Three queries."""
    of_user = Notification.objects.filter(recipient_id=OuterRef("pk")).order_by("-created_rev")
    inboxes = Inbox.objects.filter(pk__in=user_ids).annotate(newest=Subquery(of_user.values("pk")[:1]))
    found: list[tuple[Any, ...]] = list(inboxes.values_list("pk", "rev", "newest"))
    newest = Notification.objects.in_bulk([key for _, _, key in found if key is not None])
    unread = Notification.objects.filter(recipient_id__in=user_ids, read_at=None, deleted_at=None)
    counts = dict(unread.order_by().values_list("recipient_id").annotate(count=Count("pk")))
    return [
        InboxState(rev, counts.get(user_id, 0), newest[key]) for user_id, rev, key in found if key in newest
    ]


# --- Invitations and offers -------------------------------------------------------------------------------------------


def invitations_to(user_id: UserId) -> QuerySet[Invitation]:
    return access.invitations().filter(invitee_id=user_id).order_by("-id")


def invitations_of(user_id: UserId, business_id: str) -> QuerySet[Invitation]:
    """Return the business's invitations. Only its owners may list them."""
    return access.invitations().filter(business=require_owner(user_id, business_id)).order_by("-id")


def open_invitations_of(user_id: UserId, business_id: str) -> QuerySet[Invitation]:
    """Return the business's invitations that nobody has answered yet."""
    rows = invitations_of(user_id, business_id)
    return rows.filter(status=Invitation.Status.PENDING, expires_at__gt=timezone.now())


def offers_in(conversation: Conversation) -> QuerySet[Offer]:
    """Return the conversation's offers, newest first. The caller checks access."""
    return Offer.objects.select_related("conversation").filter(conversation=conversation).order_by("-id")
