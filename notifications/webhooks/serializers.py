"""The wire objects of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from chatsite.http.outgoing import URL_LENGTH
from chatsite.struct_schema import documented
from conversations.requests import RowId, ZonedTime
from conversations.serializers import WireObject
from notifications.webhooks.models import Webhook, WebhookDelivery
from notifications.webhooks.sending import webhook_id_of

DESCRIPTION_LENGTH: Final = 200

StateName = Literal["pending", "delivered", "failed"]
DisabledReason = Literal["by_hand", "gone", "unreachable"]
TypeNames = Annotated[list[str], msgspec.Meta(max_length=50), documented(minItems=1)]
Description = Annotated[str, documented(maxLength=DESCRIPTION_LENGTH)]
Url = Annotated[str, documented(format="uri", maxLength=URL_LENGTH)]


class WebhookObject(WireObject, kw_only=True):
    """An endpoint. `failures` counts the failed attempts since the last success."""

    example = {"events": ["message.created", "conversation.resolved"], "enabled": True, "failures": 0}

    id: UUID
    business_id: UUID
    url: str
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: DisabledReason | None
    failures: int
    failing_since: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime


class WebhookWithSecret(WebhookObject, kw_only=True):
    """An endpoint with its secret, which is shown only once."""

    secret: str


class WebhookBody(WireObject, kw_only=True):
    example = {
        "url": "https://shop.example/hooks/chat",
        "events": ["message.created", "conversation.resolved"],
    }

    business_id: RowId
    url: Url
    events: TypeNames
    description: Description = ""


class WebhookChange(WireObject, kw_only=True):
    """Fields that are absent stay as they are."""

    example = {"events": ["message.created", "conversation.resolved"]}

    url: Url | None = None
    events: TypeNames | None = None
    description: Description | None = None
    enabled: bool | None = None


class DeliveryObject(WireObject, kw_only=True):
    """A delivery of an event. `request` and `answer` are of the last attempt, without content or secrets."""

    example = {
        "id": "481",
        "eventId": "msg_019a2b3c4d5e7f608192a3b4c5d6e7f8",
        "request": {},
        "answer": {"status": 204},
        "error": "",
    }

    id: str
    event_id: str
    event_type: str
    conversation_id: UUID | None
    rev: int
    state: StateName
    attempts: int
    last_attempt_at: datetime | None
    retry_at: datetime | None
    request: dict[str, Any]
    answer: dict[str, Any]
    error: str
    created_at: datetime


class ReplayBody(
    WireObject, kw_only=True, rename={"since": "from", "until": "to", "delivery_id": "deliveryId"}
):
    """One delivery, or all that were created from `from` to `to` (default: now)."""

    example = {"from": "2026-11-23T14:00:00Z"}

    delivery_id: str | None = None
    since: ZonedTime | None = None
    until: ZonedTime | None = None


class ReplayAnswer(WireObject, kw_only=True):
    replayed: int


def webhook_object(row: Webhook) -> WebhookObject:
    return WebhookObject(**_fields(row))


def webhook_with_secret(row: Webhook, secret: str) -> WebhookWithSecret:
    return WebhookWithSecret(**_fields(row), secret=secret)


def _fields(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.pk,
        "business_id": row.business_id,
        "url": row.url,
        "description": row.description,
        "events": row.events,
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason or None,
        "failures": row.failures,
        "failing_since": row.failing_since,
        "previous_secret_until": row.previous_secret_until,
        "created_at": row.created_at,
    }


def delivery_object(row: WebhookDelivery) -> DeliveryObject:
    return DeliveryObject(
        id=str(row.pk),
        event_id=webhook_id_of(row),
        event_type=row.event.type,
        conversation_id=row.event.conversation_id,
        rev=row.event.rev,
        state=row.state,  # type: ignore[arg-type]  # the choices of the column
        attempts=row.attempts,
        last_attempt_at=row.last_attempt_at,
        retry_at=row.retry_at,
        request=row.request,
        answer=row.answer,
        error=row.error,
        created_at=row.created_at,
    )
