"""When to notify a person: the person's choice, else the business's default, else the site's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from conversations.access import UserId
from notifications.delivery.models import BusinessNotificationSettings, Channel, NotificationSettings
from notifications.delivery.quiet_hours import quiet_until


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings of one person for the conversations of one business."""

    email: bool
    email_after: timedelta
    push: bool
    push_content: bool
    quiet: tuple[time, time] | None
    zone: ZoneInfo | None
    locale: str

    def wants(self, channel: str) -> bool:
        return self.push if channel == Channel.PUSH else self.email

    def wait(self, channel: str) -> timedelta:
        """Return how long a message stays unread before the step."""
        if channel == Channel.PUSH:
            return timedelta(seconds=settings.PUSH_AFTER_SECONDS)
        return self.email_after

    def quiet_until(self, now: datetime) -> datetime | None:
        if self.quiet is None:
            return None
        return quiet_until(now, *self.quiet, self.zone or ZoneInfo("UTC"))


def resolve(chosen: NotificationSettings | None, default: BusinessNotificationSettings | None) -> Preferences:
    def first(name: str, site: Any) -> Any:
        for row in (chosen, default):
            value = getattr(row, name, None)
            if value is not None:
                return value
        return site

    minutes = first("email_after_minutes", None)
    after = timedelta(seconds=settings.MAIL_AFTER_SECONDS) if minutes is None else timedelta(minutes=minutes)
    content = default is None or default.push_content  # a business may forbid it, so a person cannot allow it
    quiet = None
    if chosen is not None and chosen.quiet_from is not None and chosen.quiet_to is not None:
        quiet = (chosen.quiet_from, chosen.quiet_to)
    return Preferences(
        email=first("email_unread", True),
        email_after=after,
        push=first("push_unread", True),
        push_content=content and (chosen is None or chosen.push_content is not False),
        quiet=quiet,
        zone=ZoneInfo(chosen.timezone) if chosen is not None and chosen.timezone else None,
        locale=(chosen.locale if chosen is not None else "") or settings.LANGUAGE_CODE,
    )


class KnownPreferences:
    """The preferences of many people and businesses, read with two queries."""

    def __init__(self, user_ids: Collection[UserId], business_ids: Collection[UUID]) -> None:
        self._chosen: Mapping[UserId, NotificationSettings] = NotificationSettings.objects.in_bulk(user_ids)
        self._defaults: Mapping[UUID, BusinessNotificationSettings] = (
            BusinessNotificationSettings.objects.in_bulk(business_ids)
        )

    def of(self, user_id: UserId, business_id: UUID) -> Preferences:
        return resolve(self._chosen.get(user_id), self._defaults.get(business_id))


def preferences_of(user_id: UserId, business_id: UUID) -> Preferences:
    return KnownPreferences([user_id], [business_id]).of(user_id, business_id)
