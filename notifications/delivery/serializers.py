"""The wire objects of the notification settings, push subscriptions and decisions."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from django.conf import settings
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from chatsite.struct_schema import documented
from conversations.serializers import WireObject
from notifications.delivery.decisions import REASONS
from notifications.delivery.models import Notice, NotificationSettings, PushSubscription

When = Literal["off", "after"]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=7 * 24 * 60)]
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class EmailSettings(WireObject, kw_only=True):
    """Null: the default of the business applies."""

    unread: When | None
    after_minutes: int | None


class PushSettings(WireObject, kw_only=True):
    """`content` false: a push says that there is a message, but not what it says."""

    unread: When | None
    content: bool | None


class QuietHours(WireObject, kw_only=True):
    """On the clock of the person's time zone; `to` may be on the next day."""

    begin: Clock = msgspec.field(name="from")
    end: Clock = msgspec.field(name="to")


class SettingsObject(WireObject, kw_only=True):
    example = {"locale": "en"}

    email: EmailSettings
    push: PushSettings
    quiet_hours: QuietHours | None
    timezone: str
    locale: str


class EmailChanges(WireObject, kw_only=True):
    unread: When | UnsetType | None = UNSET
    after_minutes: Minutes | UnsetType | None = UNSET


class PushChanges(WireObject, kw_only=True):
    unread: When | UnsetType | None = UNSET
    content: bool | UnsetType | None = UNSET


class SettingsBody(WireObject, kw_only=True):
    """Missing fields do not change."""

    example = {
        "email": {"unread": "after", "afterMinutes": 30},
        "quietHours": {"from": "22:00", "to": "07:00"},
    }

    email: EmailChanges | UnsetType = UNSET
    push: PushChanges | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET
    timezone: Annotated[str, documented(maxLength=64)] | UnsetType = UNSET
    locale: Annotated[str, documented(maxLength=16)] | UnsetType = UNSET


class SubscriptionKeys(WireObject, kw_only=True):
    example = {"p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQt", "auth": "tBHItJI5svbpez7KI4CCXg"}

    p256dh: Annotated[str, msgspec.Meta(max_length=100)]
    auth: Annotated[str, msgspec.Meta(max_length=40)]


class SubscriptionBody(WireObject, kw_only=True):
    """The JSON of the browser's `PushSubscription`."""

    example = {"endpoint": "https://push.example/7f60"}

    endpoint: Annotated[str, documented(format="uri", maxLength=2000)]
    keys: SubscriptionKeys


class SubscriptionObject(WireObject, kw_only=True):
    example = {"device": "Firefox on Linux"}

    id: UUID
    endpoint: str
    device: str
    created_at: datetime


class PushKeyObject(WireObject, kw_only=True):
    """`applicationServerKey` of the browser's `subscribe`."""

    example = {"key": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQt"}

    key: str


class DecisionObject(WireObject, kw_only=True):
    """A push or mail that was sent or left out, and why."""

    example = {
        "channel": "push",
        "state": "skipped",
        "reason": "read",
        "explanation": "Everything was read before it was sent.",
    }

    id: UUID
    channel: Literal["push", "email"]
    state: Literal["pending", "sent", "skipped", "failed", "unknown"]
    reason: str
    explanation: str
    conversation_id: UUID | None
    device: str | None
    created_at: datetime
    finished_at: datetime | None


def settings_object(row: NotificationSettings) -> SettingsObject:
    quiet = None
    if row.quiet_from is not None and row.quiet_to is not None:
        quiet = QuietHours(begin=_clock(row.quiet_from), end=_clock(row.quiet_to))
    return SettingsObject(
        email=EmailSettings(unread=_when(row.email_unread), after_minutes=row.email_after_minutes),
        push=PushSettings(unread=_when(row.push_unread), content=row.push_content),
        quiet_hours=quiet,
        timezone=row.timezone or "UTC",
        locale=row.locale or settings.LANGUAGE_CODE,
    )


def _when(wanted: bool | None) -> When | None:
    return None if wanted is None else "after" if wanted else "off"


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def given(changes: msgspec.Struct) -> dict[str, object]:
    """Return the fields that the body contains."""
    return {name: value for name, value in asdict(changes).items() if value is not UNSET}


def subscription_object(row: PushSubscription) -> SubscriptionObject:
    return SubscriptionObject(id=row.pk, endpoint=row.endpoint, device=row.device, created_at=row.created_at)


def decision_object(row: Notice) -> DecisionObject:
    return DecisionObject(
        id=row.pk,
        channel=row.channel,  # type: ignore[arg-type]
        state=row.state,  # type: ignore[arg-type]
        reason=row.reason,
        explanation=REASONS.get(row.reason, "It has not been sent yet."),
        conversation_id=row.conversation_id,
        device=row.subscription.device if row.subscription is not None else None,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
