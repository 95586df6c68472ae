"""The wire objects of notifications, invitations and offers. Names are camelCase and times UTC on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from django.utils import timezone

from chatsite.struct_schema import documented
from conversations.requests import ClientId, RowId, ZonedTime
from conversations.serializers import BusinessObject, PersonObject, WireObject, business_object, person_object
from notifications.currencies import amount_text
from notifications.models import Invitation, Notification, Offer

InvitationStatus = Literal["pending", "accepted", "declined", "revoked", "expired"]
OfferStatus = Literal["pending", "accepted", "declined", "withdrawn", "expired"]
RoleName = Literal["owner", "agent"]
TITLE_LENGTH: Final = 200
DESCRIPTION_LENGTH: Final = 4_000
MOST_MINOR: Final = 2**53 - 1  # the largest amount that JavaScript counts exactly

# --- Notifications ----------------------------------------------------------------------------------------------------


class NotificationObject(WireObject, kw_only=True):
    """`actionUrl` is a path of this site, an https URL, or empty."""

    example = {
        "type": "offer",
        "title": "A new offer",
        "body": "Northwind Cycles: Inspection, EUR 49.00",
        "data": {"offerId": "019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"},
    }

    id: UUID
    type: str
    title: str
    body: str
    action_url: str
    data: dict[str, Any]
    read_at: datetime | None
    created_at: datetime


class ReadAll(WireObject, kw_only=True):
    """All notifications up to this event, or all of the type, have been read."""

    type: str | None
    read_at: datetime


class NotificationEvent(WireObject, kw_only=True, omit_defaults=True):
    """A new, read or deleted notification. After a read-all, `notification` is the newest one that was read."""

    notification: NotificationObject
    rev: int
    unread_count: int
    deleted: bool = False
    read_all: ReadAll | None = None
    repeated: bool = False  # repeats the newest notification to show the current `rev`


class UnreadNotifications(WireObject, kw_only=True):
    example = {"types": {"offer": 1}}

    total: int
    types: dict[str, int]


class ReadAllAnswer(WireObject, kw_only=True):
    """`updated` is the number marked as read. `unreadCount` counts the unread ones of all types."""

    updated: int
    unread_count: int


def notification_object(row: Notification) -> NotificationObject:
    return NotificationObject(
        id=row.pk,
        type=row.type,
        title=row.title,
        body=row.body,
        action_url=row.action_url,
        data=row.data,
        read_at=row.read_at,
        created_at=row.created_at,
    )


# --- Invitations ------------------------------------------------------------------------------------------------------


class InvitationObject(WireObject, kw_only=True, omit_defaults=True):
    """`email` is there if the invitation was sent to an address.

    Until somebody has accepted it, `inviteeId` is empty, and the invitee's name is the address.
    """

    id: UUID
    business_id: UUID
    business: BusinessObject
    inviter_id: str
    inviter: PersonObject
    invitee_id: str
    invitee: PersonObject
    role: RoleName
    status: InvitationStatus
    expires_at: datetime
    answered_at: datetime | None
    created_at: datetime
    email: str = ""


class InvitationLinkBody(WireObject, kw_only=True):
    """`token` is the last part of the address in the mail."""

    example = {"token": "IjAxOWEyYjNj:1vP2xY:3q2-7wAAAAAA"}

    token: Annotated[str, documented(maxLength=500)]


class InviteBody(WireObject, kw_only=True):
    """Names the invited person by one of `username`, `userId` and `email`."""

    example = {"username": "amir"}

    business_id: RowId
    username: str | None = None
    user_id: str | None = None
    email: str | None = None
    role: RoleName = "agent"


def status_of(row: Invitation | Offer) -> Any:
    """Return the present status. A pending row whose time is over has expired."""
    return "expired" if row.status == "pending" and row.expires_at <= timezone.now() else row.status


def invitation_object(row: Invitation) -> InvitationObject:
    """Serialize an invitation whose business, inviter and invitee are loaded."""
    return InvitationObject(
        id=row.pk,
        business_id=row.business_id,
        business=business_object(row.business),
        inviter_id=str(row.inviter_id),
        inviter=person_object(row.inviter),
        invitee_id="" if row.invitee_id is None else str(row.invitee_id),
        invitee=invitee_object(row),
        email=row.email,
        role=row.role,  # type: ignore[arg-type]  # a constraint holds it
        status=status_of(row),
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        created_at=row.created_at,
    )


def invitee_object(row: Invitation) -> PersonObject:
    """The invited user. Of an address, nobody learns whether an account has it."""
    if row.invitee is None:
        return PersonObject(id="", username="", name=row.email)
    return person_object(row.invitee)


def invitation_data(row: Invitation) -> Mapping[str, Any]:
    """Return the `data` of notifications about an invitation."""
    return {
        "invitationId": str(row.pk),
        "businessId": str(row.business_id),
        "businessName": row.business.name,
        "role": row.role,
        "inviter": msgspec.to_builtins(person_object(row.inviter)),
        "invitee": msgspec.to_builtins(invitee_object(row)),
        "status": row.status,
        "expiresAt": msgspec.to_builtins(row.expires_at),
    }


# --- Offers -----------------------------------------------------------------------------------------------------------


class OfferObject(WireObject, kw_only=True):
    """`amountMinor` counts the currency's smallest unit. `amount` is the same value as decimal text."""

    example = {
        "title": "Inspection",
        "amountMinor": 4900,
        "description": "",
        "expiresAt": "2026-11-30T12:00:00Z",
        "status": "pending",
    }

    id: UUID
    conversation_id: UUID
    business_id: UUID
    customer_id: str
    author_id: str | None
    client_id: str | None
    title: str
    description: str
    amount_minor: int
    amount: str
    currency: str
    status: OfferStatus
    expires_at: datetime
    answered_at: datetime | None
    created_at: datetime


class OfferBody(WireObject, kw_only=True):
    """A `clientId` that the author has used in the conversation before returns the stored offer."""

    example = {"title": "Inspection", "amountMinor": 4900, "expiresAt": "2026-11-30T12:00:00Z"}

    conversation_id: RowId
    title: Annotated[str, documented(minLength=1, maxLength=TITLE_LENGTH)]
    amount_minor: Annotated[int, documented(minimum=1, maximum=MOST_MINOR)]
    currency: Annotated[str, documented(pattern="^[A-Z]{3}$")]
    expires_at: ZonedTime
    description: Annotated[str, documented(maxLength=DESCRIPTION_LENGTH)] = ""
    client_id: ClientId | None = None


def offer_object(row: Offer) -> OfferObject:
    """Serialize an offer whose conversation is loaded."""
    return OfferObject(
        id=row.pk,
        conversation_id=row.conversation_id,
        business_id=row.conversation.business_id,
        customer_id=str(row.conversation.customer_id),
        author_id=None if row.author_id is None else str(row.author_id),
        client_id=row.client_id,
        title=row.title,
        description=row.description,
        amount_minor=row.amount_minor,
        amount=amount_text(row.amount_minor, row.currency),
        currency=row.currency,
        status=status_of(row),
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        created_at=row.created_at,
    )


def offer_data(row: Offer) -> Mapping[str, Any]:
    """Return the `data` of notifications about an offer. Needs the conversation with business and customer loaded."""
    conversation = row.conversation
    return {
        "offerId": str(row.pk),
        "conversationId": str(row.conversation_id),
        "businessId": str(conversation.business_id),
        "businessName": conversation.business.name,
        "customerName": person_object(conversation.customer).name,
        "title": row.title,
        "amountMinor": row.amount_minor,
        "amount": amount_text(row.amount_minor, row.currency),
        "currency": row.currency,
        "status": row.status,
        "expiresAt": msgspec.to_builtins(row.expires_at),
    }
