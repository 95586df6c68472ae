"""The page of a person's notification settings: what it shows, and what its form says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import available_timezones

import msgspec
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import from_decoding
from chatsite.identity.names import display_name, email_of
from conversations import access
from conversations.models import Conversation, OwnState
from conversations.own_state.operations import LATEST
from notifications.delivery.addresses import is_set_up, subscriptions_of
from notifications.delivery.models import Channel, Notice
from notifications.delivery.notices import last_of
from notifications.delivery.operations import find_settings
from notifications.delivery.serializers import SettingsBody, settings_object

MOST_MUTED: Final = 100

# In the reader's language; `notifications.delivery.decisions.REASONS` has them for clients.
REASONS: Final[dict[str, str | Promise]] = {
    "sent": _("It was sent."),
    "read": _("You had read everything."),
    "off": _("It is turned off in your settings."),
    "no_address": _("Your account has no e-mail address."),
    "no_device": _("None of your browsers is subscribed."),
    "muted": _("You have muted the conversation."),
    "blocked": _("You have blocked the sender."),
    "assigned": _("The conversation has been assigned to somebody else."),
    "not_set_up": _("This site does not send this kind of message."),
    "gone": _("The browser is no longer subscribed."),
    "suspended": _("You no longer take part in the conversation."),
    "refused": _("The mail server or the push service refused it."),
    "unreachable": _("The mail server or the push service could not be reached for a day."),
    "abandoned": _("It failed too often."),
    "replaced": _("A newer one replaced it."),
    "interrupted": _("It was interrupted, so it may have arrived."),
}
# The first that a browser's description contains.
BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_CLOCK: Final = re.compile(r"\d\d:\d\d(?=:\d\d$)")  # some browsers send seconds, too


@dataclass
class Device:
    id: str
    name: str
    since: datetime


@dataclass
class Muted:
    id: str
    name: str
    until: datetime | None  # None: until it is changed


@dataclass
class Line:
    """A push or mail that was sent, or why it was not."""

    at: datetime
    is_push: bool
    about: str
    text: str


class Names:
    """The names of conversations, for one person. Those that the person has left have none."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self._businesses = access.memberships_of(user.pk)

    def other_side(self, conversation: Conversation) -> str:
        if conversation.customer_id == self.user.pk:
            return conversation.business.name
        return display_name(conversation.customer) if conversation.business_id in self._businesses else ""


def settings_context(user: Any) -> dict[str, Any]:
    chosen, names = find_settings(user.pk), Names(user)
    return {
        "chosen": settings_object(chosen),
        "has_zone": bool(chosen.timezone),
        "zones": sorted(available_timezones() - {"localtime", "Factory"}),
        "languages": settings.LANGUAGES,
        "language_of_notices": chosen.locale or get_language(),
        "minutes": round(settings.MAIL_AFTER_SECONDS / 60),
        "address": email_of(user),
        "sends_push": is_set_up(Channel.PUSH),
        "sends_mail": is_set_up(Channel.EMAIL),
        "devices": [
            Device(str(row.pk), device_name(row.device), row.created_at)
            for row in reversed(subscriptions_of([user])[user.pk])
        ],
        "muted": _muted(names),
        "decisions": [_line(names, row) for row in last_of(user.pk)],
    }


def quiet_hours_of(user_id: Any) -> dict[str, str] | None:
    """Return the hours in which the page makes no sound, for the scripts."""
    chosen = settings_object(find_settings(user_id))
    if chosen.quiet_hours is None:
        return None
    return {**msgspec.to_builtins(chosen.quiet_hours), "timezone": chosen.timezone}


def read_form(form: QueryDict) -> SettingsBody:
    """Return what the form says, as the body of the REST request. Raises `invalid`."""
    quiet = None
    if form.get("quiet"):
        quiet = {"from": _clock(form.get("quietFrom", "")), "to": _clock(form.get("quietTo", ""))}
    minutes = form.get("afterMinutes", "").strip()
    body = {
        "email": {
            "unread": form.get("email") or None,
            "afterMinutes": int(minutes) if minutes.isascii() and minutes.isdigit() else minutes or None,
        },
        "push": {"unread": form.get("push") or None, "content": bool(form.get("pushContent"))},
        "quietHours": quiet,
        **{name: form[name] for name in ("timezone", "locale") if form.get(name)},
    }
    try:
        return msgspec.convert(body, SettingsBody)
    except msgspec.ValidationError as error:
        raise from_decoding(error) from error


def device_name(description: str) -> str:
    """ "Firefox, Windows" for a browser's description of itself, as far as it is known."""
    found = [next((name for part, name in known if part in description), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or gettext("A browser")


def _clock(value: str) -> str:
    found = _CLOCK.match(value)
    return found[0] if found else value


def _muted(names: Names) -> list[Muted]:
    rows = OwnState.objects.filter(user_id=names.user.pk, muted_until__gt=timezone.now())
    found = []
    for row in rows.select_related("conversation__business", "conversation__customer")[:MOST_MUTED]:
        name = names.other_side(row.conversation)
        is_for_good = row.muted_until is None or row.muted_until >= LATEST
        if name:
            found.append(Muted(str(row.conversation_id), name, None if is_for_good else row.muted_until))
    return found


def _line(names: Names, row: Notice) -> Line:
    is_push = row.channel == Channel.PUSH
    text = str(REASONS.get(row.reason, "")) or gettext("It has not been sent yet.")
    about = "" if row.conversation is None else names.other_side(row.conversation)
    return Line(row.created_at, is_push, about, text)
