"""Plan one old row: a message, a notification or a rejection. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from chatsite.legacy_import import notification_mapping, parsing
from chatsite.legacy_import.directory import Directory, Person, require_person
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.payload import payload_of, storable_data
from chatsite.legacy_import.rejection import RowRejected
from chatsite.legacy_import.source_table import Row
from conversations.access import UserId
from conversations.models import Side
from conversations.validation import storable

MESSAGE_TYPES: Final[dict[str, str]] = {
    "image": "image",
    "photo": "image",
    "picture": "image",
    "file": "file",
    "document": "file",
    "attachment": "file",
    "voice": "voice",
    "audio": "voice",
    "system": "system",
}


@dataclass(slots=True, frozen=True)
class PlannedMessage:
    legacy_id: str
    business_id: UUID
    customer_id: UserId
    sender_id: UserId | None
    side: str
    content: str
    message_type: str
    status: str
    created_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None
    deleted_at: datetime | None


@dataclass(slots=True, frozen=True)
class PlannedNotification:
    legacy_id: str
    recipient_id: UserId
    type: str
    title: str
    body: str
    action_url: str
    data: dict[str, Any]
    created_at: datetime
    read_at: datetime | None
    deleted_at: datetime | None


@dataclass(slots=True, frozen=True)
class _State:
    """The status of the old message or notification, and its times."""

    status: str
    delivered_at: datetime | None
    read_at: datetime | None
    deleted_at: datetime | None


Planned = PlannedMessage | PlannedNotification


class Planner:
    """Plan the rows of one table. Call `load` with a batch before `plan` with its rows."""

    def __init__(self, options: ImportOptions, people: Directory) -> None:
        self._options = options
        self.directory = people
        self.repaired = 0

    def load(self, rows: Sequence[Row]) -> None:
        people: set[str] = set()
        businesses: set[str] = set()
        for row in rows:
            people.update(
                filter(None, (_reference(row, name) for name in ("sender", "receiver", "customer")))
            )
            if (business := _reference(row, "business")) is not None:
                businesses.add(business)
        self.directory.load(people)
        self.directory.load_businesses(businesses)

    def plan(self, row: Row) -> Planned:
        """Return the message or notification for the row. Raises `RowRejected`."""
        legacy_id = parsing.parse_id(row["id"])
        if len(legacy_id) > 200 or not storable(legacy_id):
            raise RowRejected("bad_id", "The id is longer than 200 characters or cannot be stored.")
        kind = parsing.to_text(row.get("type")).strip().lower() or "none"
        if "type" not in row or kind in self._options.chat_types:
            return self._message(legacy_id, kind, row)
        return self._notification(legacy_id, kind, row)

    # --- Texts and times ----------------------------------------------------------------------------------------------

    def content_of(self, row: Row) -> str:
        """Return the row's content if it can be stored. Raises `RowRejected`."""
        content = parsing.to_text(row["content"])
        if "\x00" in content:
            if not self._options.strip_nul:
                raise RowRejected(
                    "nul_byte", "The content contains a NUL character. Use --strip-nul to remove it."
                )
            content = content.replace("\x00", "")
            self.repaired += 1
        return self._checked_content(content)

    def _checked_content(self, content: str) -> str:
        if not storable(content):
            raise RowRejected("bad_encoding", "The content is not valid Unicode text.")
        if len(content) > settings.CHAT.message_length:
            raise RowRejected(
                "too_long", f"The content has more than {settings.CHAT.message_length} characters."
            )
        return content

    def moved_content_of(self, row: Row) -> str:
        """Return the content with which a moved row was stored, whether or not `--strip-nul` is given now."""
        return self._checked_content(parsing.to_text(row["content"]).replace("\x00", ""))

    def created_of(self, row: Row) -> datetime:
        created = parsing.parse_time(row["created"], self._options.timezone)
        if created is None:
            shown = parsing.to_text(row["created"])[:80]
            raise RowRejected("bad_timestamp", f"{shown!r} is not a time from 1990 to 2100.")
        return created

    def _state(self, row: Row, created: datetime) -> _State:
        flagged = self._flag(row, "read", parsing.READ_WORDS)
        read_at = parsing.parse_past_time(row.get("read_at"), self._options.timezone)
        if read_at is None and isinstance(flagged, datetime):
            read_at = flagged
        deleted = self._flag(row, "deleted", parsing.DELETED_WORDS)
        status = parsing.parse_status(row.get("status"), is_read=bool(flagged or read_at))
        return _State(
            status=status,
            delivered_at=None if status == "sent" else max(read_at or created, created),
            read_at=max(read_at or created, created) if status == "read" else None,
            deleted_at=max(deleted, created)
            if isinstance(deleted, datetime)
            else (created if deleted else None),
        )

    def _flag(self, row: Row, name: str, words: frozenset[str]) -> bool | datetime:
        try:
            return parsing.parse_flag(row.get(name), self._options.timezone, words)
        except parsing.AmbiguousValue as error:
            shown = parsing.to_text(row.get(name))[:80]
            detail = f"{shown!r} in the column for {name!r} is neither a flag nor a time."
            raise RowRejected("bad_flag", detail) from error

    # --- Messages -----------------------------------------------------------------------------------------------------

    def _message(self, legacy_id: str, kind: str, row: Row) -> PlannedMessage:
        content = self.content_of(row)
        if not content.strip():
            raise RowRejected("empty_content", "The message has no content.")
        created = self.created_of(row)
        message_type = _message_type(kind, row)
        business_id, customer_id, sender_id, side = self._parties(row, message_type)
        state = self._state(row, created)
        if side == Side.SYSTEM:
            state = _State("sent", None, None, state.deleted_at)
        return PlannedMessage(
            legacy_id=legacy_id,
            business_id=business_id,
            customer_id=customer_id,
            sender_id=sender_id,
            side=side,
            content=content,
            message_type=message_type,
            created_at=created,
            status=state.status,
            delivered_at=state.delivered_at,
            read_at=state.read_at,
            deleted_at=state.deleted_at,
        )

    def _parties(self, row: Row, message_type: str) -> tuple[UUID, UserId, UserId | None, str]:
        """Return the business, the customer, the sender and the sender's side."""
        reference = _reference(row, "business")
        business = None if reference is None else self.directory.business(reference)
        if reference is not None and business is None:
            raise RowRejected("unknown_business", f"No business matches {reference[:80]!r}.")
        if business is not None and _reference(row, "customer") is not None:
            customer = self._person(row, "customer")
            if business in customer.businesses:
                raise RowRejected("customer_is_member", "The customer is a member of the business.")
            if message_type == "system" and _reference(row, "sender") is None:
                return business, customer.user_id, None, Side.SYSTEM.value
            sender = self._person(row, "sender")
            return business, customer.user_id, sender.user_id, self._side(sender, customer, business)
        return self._derived(row, business)

    def _side(self, sender: Person, customer: Person, business: UUID) -> str:
        if sender.user_id == customer.user_id:
            return Side.CUSTOMER.value
        if business in sender.businesses or self._options.former_members:
            return Side.BUSINESS.value
        raise RowRejected(
            "foreign_sender",
            "The sender is neither the customer nor a member. Use --former-members to accept such rows.",
        )

    def _derived(self, row: Row, business: UUID | None) -> tuple[UUID, UserId, UserId | None, str]:
        """Derive the parties from sender and receiver: exactly one of them must be a member of a business."""
        sender, receiver = self._person(row, "sender"), self._person(row, "receiver")
        if sender.user_id == receiver.user_id:
            raise RowRejected("self_message", "Sender and receiver are the same user.")
        candidates = sender.businesses ^ receiver.businesses
        if business is not None:
            candidates &= {business}
        if len(candidates) > 1 and self.directory.default_business in candidates:
            candidates = {self.directory.default_business}
        if not candidates:
            both = sender.businesses & receiver.businesses
            detail = (
                "Both are members of the same business." if both else "Neither is a member of a business."
            )
            raise RowRejected("colleagues" if both else "no_business", detail)
        if len(candidates) > 1:
            raise RowRejected(
                "ambiguous_business", "Several businesses are possible. Use --default-business."
            )
        (found,) = candidates
        if found in sender.businesses:
            return found, receiver.user_id, sender.user_id, Side.BUSINESS.value
        return found, sender.user_id, sender.user_id, Side.CUSTOMER.value

    def _person(self, row: Row, name: str) -> Person:
        reference = _reference(row, name)
        if reference is None:
            raise RowRejected(f"no_{name}", f"The row has no {name}.")
        return require_person(self.directory.person(reference), role=name, reference=reference)

    # --- Notifications ------------------------------------------------------------------------------------------------

    def _notification(self, legacy_id: str, kind: str, row: Row) -> PlannedNotification:
        content = self.content_of(row)
        created = self.created_of(row)
        payload = payload_of(row)
        recipient = self._recipient(row)
        state = self._state(row, created)
        origin = {"id": legacy_id, "type": kind[:200], "sender": _reference(row, "sender")}
        title = notification_mapping.title_of(parsing.to_text(row.get("title")), payload, content, kind)
        data = {**payload, "legacy": origin}
        if not (storable(title) and storable_data(data)):
            raise RowRejected(
                "bad_encoding", "The title, type or payload contains a character that cannot be stored."
            )
        return PlannedNotification(
            legacy_id=legacy_id,
            recipient_id=recipient.user_id,
            type=notification_mapping.notification_type(kind, self._options.type_map),
            title=title,
            body=content,
            action_url=notification_mapping.action_url_of(payload),
            data=data,
            created_at=created,
            read_at=state.read_at,
            deleted_at=state.deleted_at,
        )

    def _recipient(self, row: Row) -> Person:
        """Return the receiver. Without one, return the customer, unless the customer is the sender."""
        if _reference(row, "receiver") is not None:
            return self._person(row, "receiver")
        customer = _reference(row, "customer")
        if customer is None or customer == _reference(row, "sender"):
            raise RowRejected("no_receiver", "The row has no recipient for this notification.")
        return self._person(row, "customer")


def _reference(row: Row, name: str) -> str | None:
    return parsing.parse_reference(row.get(name))


def _message_type(kind: str, row: Row) -> str:
    named = parsing.to_text(row.get("message_type")).strip().lower()
    return MESSAGE_TYPES.get(named) or MESSAGE_TYPES.get(kind) or "text"
