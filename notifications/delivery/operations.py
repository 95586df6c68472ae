"""Read and change a person's notification settings."""

from __future__ import annotations

from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from msgspec import UNSET

from chatsite.errors import invalid
from conversations.access import UserId
from notifications.delivery.models import NotificationSettings
from notifications.delivery.serializers import EmailChanges, PushChanges, SettingsBody, given


def find_settings(user_id: UserId) -> NotificationSettings:
    """Return the person's choices. Without a row, nothing is chosen."""
    row = NotificationSettings.objects.filter(pk=user_id).first()
    return row or NotificationSettings(user_id=user_id)


@transaction.atomic
def change_settings(*, user_id: UserId, changes: SettingsBody) -> NotificationSettings:
    """Set the given fields. Raises `invalid`."""
    values = _columns(changes)
    row, _ = NotificationSettings.objects.select_for_update().get_or_create(user_id=user_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row


def _columns(changes: SettingsBody) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if isinstance(changes.email, EmailChanges):
        values |= {f"email_{name}": _flag(name, value) for name, value in given(changes.email).items()}
    if isinstance(changes.push, PushChanges):
        values |= {f"push_{name}": _flag(name, value) for name, value in given(changes.push).items()}
    if changes.quiet_hours is None:
        values |= {"quiet_from": None, "quiet_to": None}
    elif changes.quiet_hours is not UNSET:
        begin, end = changes.quiet_hours.begin, changes.quiet_hours.end
        if begin == end:
            raise invalid("quietHours must begin and end at different times.", field="quietHours")
        values |= {"quiet_from": time.fromisoformat(begin), "quiet_to": time.fromisoformat(end)}
    if changes.timezone is not UNSET:
        values["timezone"] = _checked_zone(changes.timezone)
    if changes.locale is not UNSET:
        values["locale"] = _checked_locale(changes.locale)
    return values


def _flag(name: str, value: object) -> object:
    return value == "after" if name == "unread" and value is not None else value


def _checked_zone(name: str) -> str:
    if name not in available_timezones():
        raise invalid(
            "timezone must be a name of the IANA database, such as Europe/Berlin.", field="timezone"
        )
    return name


def _checked_locale(name: str) -> str:
    known = [code for code, _ in settings.LANGUAGES]
    if name not in known:
        raise invalid(f"locale must be one of {', '.join(known)}.", field="locale")
    return name
