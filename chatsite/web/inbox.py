"""Load the inbox for the first page. Scripts then load the same data over REST."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from msgspec import UNSET

from chatsite.identity.profile import profile_of
from chatsite.web.avatars import initials_of, tint_of
from chatsite.web.last_message import LastMessage, last_messages
from conversations import access, conversation_list
from conversations.serializers import ConversationObject, UnreadAnswer
from conversations.team.filters import known_filters, team_filter
from conversations.unread_counts import count_unread
from notifications import queries as notification_queries
from presence.queries import presence_of

PAGE: Final = 30
TEAM_CHOICES: Final = {
    "assignee": [("", _("Everyone")), ("me", _("Mine")), ("none", _("Unassigned"))],
    "status": [
        ("", _("Any status")),
        ("open", pgettext_lazy("status", "Open")),
        ("pending", _("Pending")),
        ("snoozed", _("Snoozed")),
        ("resolved", _("Resolved")),
    ],
    "priority": [
        ("", _("Any priority")),
        ("urgent", _("Urgent")),
        ("high", _("High")),
        ("medium", _("Medium")),
        ("low", _("Low")),
        ("none", _("No priority")),
    ],
}
SHOWN: Final = ("all", "unread", "archived")


@dataclass(frozen=True)
class Filters:
    """The filters of the inbox, as given in the page's URL."""

    shown: str = "all"
    business_id: str = ""
    search: str = ""
    team: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: HttpRequest, businesses: list[dict[str, Any]]) -> Filters:
        """Read the filters from the URL. Ignores invalid values, such as those of old bookmarks."""
        shown = request.GET.get("show", "")
        business = request.GET.get("business", "")
        return cls(
            shown=shown if shown in SHOWN else "all",
            business_id=business if business in {row["id"] for row in businesses} else "",
            search=request.GET.get("q", "").replace("\x00", "").strip()[:100],
            team=known_filters(request.user.pk, request.GET) if businesses else {},
        )

    @property
    def without_search(self) -> str:
        return self.address(q="")

    def address(self, **changes: str) -> str:
        given = {"show": self.shown, "business": self.business_id, "q": self.search, **self.team, **changes}
        query = urlencode({name: value for name, value in given.items() if value and value != "all"})
        return reverse("web:inbox") + (f"?{query}" if query else "")


@dataclass
class Row:
    """A conversation in the list, as the reader's side sees it."""

    id: str
    name: str
    initials: str
    tint: int
    business_name: str
    last: LastMessage
    at: datetime
    unread: int
    archived: bool
    pinned: bool = False
    muted: bool = False
    online: bool = False
    current: bool = False

    @property
    def count(self) -> str:
        return _capped(self.unread)


@dataclass
class Inbox:
    """One page of the list, with the data shown around it."""

    me: dict[str, Any]
    filters: Filters
    rows: list[Row]
    following: str
    unread_total: str
    unread_notifications: int
    businesses: list[dict[str, Any]] = field(default_factory=list)
    people: list[str] = field(
        default_factory=list
    )  # the customers of the rows, whose presence the page follows

    @property
    def has_many(self) -> bool:
        """Whether rows show their business."""
        return len(self.businesses) > 1


def load_me(user: Any) -> dict[str, Any]:
    """Return the data of `/auth/me` with the initials and colour of the avatar."""
    me = msgspec.to_builtins(profile_of(user))
    return {**me, "initials": initials_of(me["name"]), "tint": tint_of(me["id"])}


def load_inbox(request: HttpRequest, *, current: UUID | None = None) -> Inbox:
    user: Any = request.user
    me = load_me(user)
    filters = Filters.of(request, me["businesses"])
    actor = access.Actor(user.pk, {UUID(row["id"]) for row in me["businesses"]})
    asked = conversation_list.Filters(
        archived=filters.shown == "archived",
        unread=True if filters.shown == "unread" else None,
        pinned=False,
        business_id=filters.business_id or None,
        search=filters.search,
        team=team_filter(user.pk, filters.team),
    )
    cursor = request.GET.get("cursor") or None
    load = partial(conversation_list.conversation_page, user.pk, actor=actor)
    pinned: list[ConversationObject] = []
    if cursor is None:
        pinned = load(limit=settings.CHAT.page_most, filters=replace(asked, pinned=True)).conversations
    found = load(limit=PAGE, cursor=cursor, filters=asked)
    shown = [*pinned, *found.conversations]
    said = last_messages(shown, me["id"])
    rows = [
        _row(conversation, last, me["id"], current) for conversation, last in zip(shown, said, strict=True)
    ]
    customers = sorted({row.customer_id for row in shown if row.customer_id != me["id"]})
    _mark_online(me["id"], customers, shown, rows)
    return Inbox(
        me=me,
        filters=filters,
        rows=rows,
        following=filters.address(cursor=found.next) if found.next else "",
        unread_total=_unread_conversations(count_unread(user.pk, actor)),
        unread_notifications=notification_queries.unread(user.pk).total,
        businesses=me["businesses"],
        people=customers,
    )


def _unread_conversations(unread: UnreadAnswer) -> str:
    """Return how many conversations have unread messages and are not muted, as the title and the filter show it."""
    return _capped(len(unread.conversations.keys() - unread.muted_until.keys()))


def _capped(count: int) -> str:
    return "99+" if count > 99 else str(count or "")


def _row(conversation: ConversationObject, last: LastMessage, reader_id: str, current: UUID | None) -> Row:
    is_customer = conversation.customer_id == reader_id
    name = conversation.business.name if is_customer else conversation.customer.name
    at = conversation.last_message_at or conversation.created_at
    return Row(
        id=str(conversation.id),
        name=name,
        initials=initials_of(name),
        tint=tint_of(str(conversation.business_id) if is_customer else conversation.customer_id),
        business_name="" if is_customer else conversation.business.name,
        last=last,
        at=at,
        unread=conversation.unread_count,
        archived=conversation.archived,
        pinned=conversation.own is not UNSET and conversation.own.pinned,
        muted=_is_muted(conversation),
        current=conversation.id == current,
    )


def _is_muted(conversation: ConversationObject) -> bool:
    until = None if conversation.own is UNSET else conversation.own.muted_until
    return until is not None and until > timezone.now()


def _mark_online(
    reader_id: str, customers: list[str], conversations: list[ConversationObject], rows: list[Row]
) -> None:
    if not customers:
        return
    online = {row.user_id for row in presence_of(reader_id=reader_id, user_ids=customers) if row.online}
    for row, conversation in zip(rows, conversations, strict=True):
        row.online = conversation.customer_id in online
