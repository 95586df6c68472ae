"""Where people can be reached: their mail addresses and subscribed browsers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from chatsite.identity.models import EndedLogin
from chatsite.identity.names import email_of
from chatsite.identity.password_tags import is_current
from notifications.delivery.models import Channel, PushSubscription


def is_set_up(channel: str) -> bool:
    """Return whether the site is configured to send on the channel."""
    if channel == Channel.PUSH:
        return bool(settings.VAPID_PRIVATE_KEY)
    return bool(settings.CHAT_SENDS_MAIL)


def subscriptions_of(users: Collection[Any]) -> dict[Any, list[PushSubscription]]:
    """Return the browsers that show pushes to these people, by the people's primary keys. One query.

    It leaves out browsers whose login or session has ended or had an earlier password: somebody else may have them.
    """
    by_key = {user.pk: user for user in users}
    found: dict[Any, list[PushSubscription]] = defaultdict(list)
    rows = PushSubscription.objects.filter(user_id__in=by_key).exclude(has_ended())
    for row in rows.order_by("pk"):
        if not row.password_tag or is_current(row.password_tag, by_key[row.user_id]):
            found[row.user_id].append(row)
    return found


def has_ended() -> Q:
    """Return whether the login or the browser's session that made a subscription has ended.

    `EndedLogin` remembers a login for some days. A session that has ended has no row, or one of the past.
    """
    ended_login = EndedLogin.objects.filter(login_id=OuterRef("login_id"))
    live_session = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())
    return Q(Exists(ended_login)) | (~Q(session_key="") & ~Q(Exists(live_session)))


class Addresses:
    """The addresses of several people, read with one query."""

    def __init__(self, users: Collection[Any]) -> None:
        self._devices = subscriptions_of(users) if is_set_up(Channel.PUSH) else {}

    def is_set_up(self, channel: str) -> bool:
        return is_set_up(channel)

    def email_of(self, user: Any) -> str:
        return email_of(user)

    def devices_of(self, user: Any) -> list[PushSubscription]:
        return self._devices.get(user.pk, [])
