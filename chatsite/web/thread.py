"""Render a conversation on the server, for use before or without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from chatsite.web.attachments import caption_of, summary_of
from chatsite.web.avatars import initials_of
from chatsite.web.rating import SCORES, open_question
from chatsite.web.team_data import notes_data
from conversations import history, operations, queries
from conversations.models import Conversation, Side
from conversations.own_objects import personal_object
from conversations.serializers import MessageObject, ParticipantObject
from conversations.team.hours.availability import availability_of
from conversations.team.reports.requests import CsatObject

LONG_CHARACTERS: Final = 1_500
LONG_LINES: Final = 24
PAGE: Final = 50
GROUP: Final = timedelta(minutes=5)  # messages of one person within this stand together
MOST_QUOTE: Final = 160
MOST_PRINTED: Final = 5_000
PRINTED_AT_ONCE: Final = 200


@dataclass
class Row:
    """One message of the page. `day` is set on the first message of a day."""

    message: MessageObject
    name: str
    key: str
    day: date | None = None
    mine: bool = False
    ours: bool = False
    first: bool = True
    last: bool = True
    names: bool = False  # whether to show the sender's name
    quote: str | None = None
    quote_name: str = ""

    @property
    def caption(self) -> str:
        return caption_of(self.message)

    @property
    def is_long(self) -> bool:
        """Whether the text is folded, by the same rule as in `message_text.js`."""
        return len(self.caption) > LONG_CHARACTERS or self.caption.count("\n") >= LONG_LINES


@dataclass
class _Speakers:
    """The people of the conversation, with the names that the reader sees."""

    conversation: Conversation
    side: str
    user_id: str
    people: list[ParticipantObject]
    names: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {person.id: person.name for person in self.people}

    def name_of(self, message: MessageObject) -> str:
        """Return the sender's name. Former members appear under the name of the business."""
        if message.sender_id == self.user_id:
            return _("You")
        if message.sender_id in self.names:
            return self.names[message.sender_id]
        if message.sender_side == "business":
            return self.conversation.business.name
        return _("The customer") if message.sender_side == "customer" else _("System")

    @property
    def other_name(self) -> str:
        if self.side == Side.CUSTOMER:
            return self.conversation.business.name
        return self.names[str(self.conversation.customer_id)]


def thread_context(user: Any, conversation: Conversation, side: str, request: HttpRequest) -> dict[str, Any]:
    """Return the context of `web/_thread.html`: the newest page of messages, or the one before `?before=SEQ`.

    The business and customer of `conversation` are loaded, and `side` is the user's. Showing messages marks them as
    delivered.
    """
    before = _before(request)
    found = history.message_page(conversation.pk, before=before, limit=PAGE)
    fresh = history.undelivered(found.messages, side) if request.method == "GET" else []
    if operations.mark_delivered(user_id=user.pk, messages=fresh):
        found = history.message_page(conversation.pk, before=before, limit=PAGE)
    speakers = _Speakers(conversation, side, str(user.pk), queries.participants(conversation))
    question = open_question(user, conversation, found.messages)
    seen = personal_object(user.pk, conversation, side)
    return {
        "conversation": conversation,
        "other_name": speakers.other_name,
        "initials": initials_of(speakers.other_name),
        "rows": _rows(found.messages, speakers),
        "question": question,
        "rating": next(
            (label for score, _face, label in SCORES if question and score == question.score), None
        ),
        "scores": SCORES,
        "older_than": found.messages[0].seq if found.older else None,
        "is_newest": before is None,
        "frozen": seen.frozen,
        "blocked": seen.blocked,
        "limit": settings.CHAT.message_length,
        "client_id": uuid4(),
        "file_client_id": uuid4(),
        "seed": _seed(seen, found, speakers, question) if before is None else None,
    }


def printed_rows(user: Any, conversation: Conversation, side: str) -> tuple[list[Row], bool]:
    """Return the messages of the whole conversation, and whether there are more than a page can hold."""
    messages: list[MessageObject] = []
    before: int | None = None
    older = True
    while older and len(messages) < MOST_PRINTED:
        found = history.message_page(conversation.pk, before=before, limit=PRINTED_AT_ONCE)
        messages = [*found.messages, *messages]
        older = found.older and bool(found.messages)
        before = found.messages[0].seq if found.messages else None
    speakers = _Speakers(conversation, side, str(user.pk), queries.participants(conversation))
    rows = _rows(messages, speakers)
    for row in rows:
        row.names = row.first  # who holds the paper need not be "You"
        row.name = speakers.names.get(str(row.message.sender_id), row.name)
    return rows, older


def _before(request: HttpRequest) -> int | None:
    raw = request.GET.get("before", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None


def _seed(
    seen: Any, found: history.MessagePage, speakers: _Speakers, question: CsatObject | None
) -> dict[str, Any]:
    """Return the initial data of the live view."""
    notes = notes_data(speakers.conversation, speakers.side)
    return {
        "conversation": msgspec.to_builtins(seen),
        "messages": msgspec.to_builtins(found.messages),
        "hasOlder": found.older,
        "people": msgspec.to_builtins(speakers.people),
        "question": msgspec.to_builtins(question),
        "availability": _availability(speakers),
        "limit": settings.CHAT.message_length,
        "attachments": {
            "count": settings.CHAT.message_attachments,
            "bytes": settings.CHAT.attachment_bytes,
        },
        **({"team": notes} if notes else {}),
    }


def _availability(speakers: _Speakers) -> dict[str, Any] | None:
    """Return when the business is there, for its customer."""
    if speakers.side != Side.CUSTOMER:
        return None
    shown: dict[str, Any] = msgspec.to_builtins(availability_of(speakers.conversation.business_id))
    return shown


def _rows(found: list[MessageObject], speakers: _Speakers) -> list[Row]:
    rows: list[Row] = []
    by_id = {message.id: message for message in found}
    for message in found:
        row = Row(message, speakers.name_of(message), f"m-{message.id}")
        row.mine = message.sender_id is not None and message.sender_id == speakers.user_id
        row.ours = message.sender_side == speakers.side
        before = rows[-1] if rows else None
        if before is None or _day(before.message.created_at) != _day(message.created_at):
            row.day = _day(message.created_at)
        elif _belong_together(before.message, message):
            row.first = before.last = False
        row.names = row.first and not row.mine and (speakers.side == Side.CUSTOMER or row.ours)
        if message.reply_to is not None:
            _quote(row, by_id.get(message.reply_to), speakers)
        rows.append(row)
    return rows


def _quote(row: Row, answered: MessageObject | None, speakers: _Speakers) -> None:
    """Quote the answered message if it is on the same page. The live view fetches others."""
    if answered is None:
        row.quote = "…"
        return
    row.quote_name = speakers.name_of(answered)
    if answered.deleted_at:
        row.quote = _("This message was deleted")
    else:
        row.quote = summary_of(answered)[:MOST_QUOTE]


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def _belong_together(a: MessageObject, b: MessageObject) -> bool:
    same = a.sender_id == b.sender_id and a.sender_side == b.sender_side
    return same and b.message_type != "system" and b.created_at - a.created_at < GROUP
