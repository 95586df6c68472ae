"""Plan one message of the source: a message of this site, or a rejection. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils.text import slugify
from uuid_utils.compat import uuid7

from chatsite.config.limits import limits
from chatsite.legacy_import.directory import Person, require_person
from chatsite.legacy_import.rejection import RowRejected
from chatsite.transfer.options import TransferOptions
from chatsite.transfer.people import People
from chatsite.transfer.records import Found, MessageLine, SourceBusiness, SourceEdit, SourceFile, SourcePerson
from conversations.access import UserId
from conversations.models import Business, Side
from conversations.validation import storable

_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_CLOCK_ERROR: Final = timedelta(days=1)
_ID_LENGTH: Final = 200


@dataclass(slots=True, frozen=True)
class PlannedMessage:
    source_id: str
    business_id: UUID
    customer_id: UserId
    created_at: datetime
    columns: dict[str, Any]  # of `ChatMessage`, without its place in the conversation
    reply_to: str | None
    files: Sequence[SourceFile]
    edits: Sequence[SourceEdit]


class Planner:
    """Plan the messages of one source. Call `load` with a batch before `plan` with its messages."""

    def __init__(self, options: TransferOptions, people: People) -> None:
        self._options = options
        self.people = people
        self._businesses: dict[str, UUID] = {}
        self.made: list[Business] = []  # businesses to store with the batch that needs them

    def load(self, batch: Sequence[Found]) -> None:
        people: dict[str, SourcePerson] = {}
        for found in batch:
            for person in (found.message.sender, found.conversation.customer, *found.members):
                if person is not None and not (person.id in people and people[person.id].name):
                    people[person.id] = person  # one that has a name, if there is one
        self.people.load(people.values())
        self._load_businesses(filter(None, map(self._business_of, batch)))

    def plan(self, found: Found) -> PlannedMessage:
        """Return the message. Raises `RowRejected`."""
        message = found.message
        _check_id(message.id)
        business_id = self._business(found)
        customer = self._customer(found, business_id)
        sender_id, side = self._sender(found, customer, business_id)
        return PlannedMessage(
            source_id=message.id,
            business_id=business_id,
            customer_id=customer.user_id,
            created_at=message.created_at,
            columns={
                "sender_id": sender_id,
                "sender_side": side,
                "sender_kind": _kind(message, side),
                "via": message.via,
                "content": _content(message),
                "message_type": _type(message, side),
                "created_at": _created(message),
                "edited_at": message.edited_at,
                "deleted_at": message.deleted_at,
                "hidden_at": message.hidden_at,
                **_receipts(message, side),
            },
            reply_to=message.reply_to,
            files=() if self._options.without_files else message.files,
            edits=[edit for edit in message.edits if storable(edit.content)],
        )

    # --- Businesses ---------------------------------------------------------------------------------------------------

    def _business_of(self, found: Found) -> SourceBusiness | None:
        named = found.conversation.business
        return named or (SourceBusiness(slug=self._options.business) if self._options.business else None)

    def _load_businesses(self, named: Iterable[SourceBusiness]) -> None:
        wanted = {business.slug: business for business in named if business.slug not in self._businesses}
        known = Business.objects.filter(slug__in=[slug for slug in wanted if storable(slug)])
        self._businesses.update(known.values_list("slug", "pk"))
        for slug, business in wanted.items():
            if slug in self._businesses or not self._options.create_businesses or slug != slugify(slug)[:80]:
                continue
            name = business.name if storable(business.name) else ""
            made = Business(pk=uuid7(), slug=slug, name=(name or slug)[:200])
            self._businesses[slug] = made.pk
            self.made.append(made)

    def _business(self, found: Found) -> UUID:
        named = self._business_of(found)
        if named is None:
            raise RowRejected("no_business", "The conversation names no business. Use --business.")
        business_id = self._businesses.get(named.slug)
        if business_id is None:
            raise RowRejected("unknown_business", f"No business has the slug {named.slug[:80]!r}.")
        return business_id

    # --- People -------------------------------------------------------------------------------------------------------

    def _customer(self, found: Found, business_id: UUID) -> Person:
        source = found.conversation.customer or self._customer_among(found.members, business_id)
        customer = self._account(source, "customer")
        if business_id in customer.businesses:
            raise RowRejected("customer_is_member", "The customer is a member of the business.")
        return customer

    def _customer_among(self, members: Sequence[SourcePerson], business_id: UUID) -> SourcePerson:
        """Return the one member of the channel who is on nobody's list of agents and in no team of the business."""
        customers = []
        for member in members:
            account = self.people.find(member)
            is_member = isinstance(account, Person) and business_id in account.businesses
            if member.id not in self._options.agents and not is_member:
                customers.append(member)
        if not customers:
            raise RowRejected("no_customer", "The conversation has no customer.")
        if len(customers) > 1:
            names = ", ".join(repr(one.id[:40]) for one in customers[:5])
            raise RowRejected("ambiguous_customer", f"Several may be the customer: {names}. Use --agents.")
        return customers[0]

    def _sender(self, found: Found, customer: Person, business_id: UUID) -> tuple[UserId | None, str]:
        """Return the sender's account and side. Nobody sends for the system; an erased sender has no account."""
        message = found.message
        if message.sender_side == "system":
            return None, Side.SYSTEM.value
        if message.sender is None:
            if message.sender_side is None:
                raise RowRejected("no_sender", "The message has neither a sender nor a side.")
            return None, message.sender_side
        sender = self._account(message.sender, "sender")
        is_customer = sender.user_id == customer.user_id
        side = message.sender_side or ("customer" if is_customer else "business")
        if (side == "customer") != is_customer:
            raise RowRejected("foreign_sender", f"The sender is not on the {side}'s side.")
        is_member = business_id in sender.businesses or self._options.former_members
        if side == "business" and not is_member:
            raise RowRejected(
                "foreign_sender", "The sender is not a member of the business. See --former-members."
            )
        return sender.user_id, side

    def _account(self, person: SourcePerson, role: str) -> Person:
        return require_person(self.people.find(person), role=role, reference=person.id)


# --- Values -----------------------------------------------------------------------------------------------------------


def _check_id(source_id: str) -> None:
    if not source_id or len(source_id) > _ID_LENGTH or not storable(source_id):
        raise RowRejected("bad_id", f"An id must have 1 to {_ID_LENGTH} storable characters.")


def _content(message: MessageLine) -> str:
    content = message.content or ", ".join(one.name for one in message.files)
    if not storable(content):
        raise RowRejected("bad_encoding", "The content contains a character that cannot be stored.")
    if len(content) > (limit := limits().message_length):
        raise RowRejected("too_long", f"The content has more than {limit} characters.")
    if not content.strip() and message.deleted_at is None and message.hidden_at is None:
        raise RowRejected("empty_content", "The message has no content.")
    return content


def _created(message: MessageLine) -> datetime:
    if not _EARLIEST <= message.created_at <= datetime.now(UTC) + _CLOCK_ERROR:
        raise RowRejected("bad_timestamp", f"{message.created_at} is not a time from 1990 until now.")
    return message.created_at


def _kind(message: MessageLine, side: str) -> str:
    if side == Side.SYSTEM:
        return "system"
    return "bot" if message.sender_kind == "bot" and side == Side.BUSINESS else "person"


def _type(message: MessageLine, side: str) -> str:
    if side == Side.SYSTEM:
        return "system"
    return "text" if message.message_type == "system" else message.message_type


def _receipts(message: MessageLine, side: str) -> dict[str, Any]:
    """Return the status and its times, in order: sent, delivered, read."""
    if side == Side.SYSTEM or (message.delivered_at is None and message.read_at is None):
        return {"status": "sent", "delivered_at": None, "read_at": None}
    delivered = max(message.created_at, message.delivered_at or message.read_at or message.created_at)
    if message.read_at is None:
        return {"status": "delivered", "delivered_at": delivered, "read_at": None}
    return {"status": "read", "delivered_at": delivered, "read_at": max(delivered, message.read_at)}
