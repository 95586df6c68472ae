"""Decide about one step for one person: send it, wait, or skip it. All conditions are here.

The check of an escalation decides before it creates a notice. The job that sends the notice decides again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from conversations.models import Conversation, OwnState
from notifications.delivery import attention
from notifications.delivery.addresses import Addresses
from notifications.delivery.models import Channel
from notifications.delivery.preferences import KnownPreferences, Preferences
from notifications.delivery.unread import Fresh

LOOK_AGAIN: Final = timedelta(seconds=30)  # while the person looks at a screen

# The reasons of the closed list that clients see.
REASONS: Final[Mapping[str, str]] = {
    "sent": "It was sent.",
    "read": "Everything was read before it was sent.",
    "off": "The settings do not ask for it.",
    "no_address": "The account has no e-mail address.",
    "no_device": "No browser is subscribed to push.",
    "muted": "The conversation is muted.",
    "blocked": "The sender is blocked.",
    "assigned": "The conversation has been assigned to somebody else.",
    "not_set_up": "The site does not send this kind of notice.",
    "gone": "The browser's subscription has ended.",
    "suspended": "The account is not active, or no longer takes part in the conversation.",
    "refused": "The mail server or the push service refused it.",
    "unreachable": "The mail server or the push service could not be reached.",
    "abandoned": "Sending it has failed too often, so it was given up.",
    "replaced": "A newer one about the same messages replaced it.",
    "interrupted": "The worker was stopped while it was sent, so it may or may not have arrived.",
}


@dataclass(frozen=True, slots=True)
class Send:
    """Send the notice."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Decide again at this time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """Skip the step for these messages, for a reason of `REASONS`."""

    reason: str


Decision = Send | Wait | Skip


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The data for decisions about several people, read once for all of them."""

    now: datetime
    preferences: KnownPreferences
    looking: set[str]
    addresses: Addresses
    muted: set[tuple[Any, Any]]  # user, conversation

    def preferences_of(self, user: Any, conversation: Conversation) -> Preferences:
        return self.preferences.of(user.pk, conversation.business_id)


def circumstances_of(
    users: Collection[Any], conversations: Collection[Conversation], now: datetime
) -> Circumstances:
    """Read the data for decisions about these people in these conversations."""
    keys = {user.pk for user in users}
    return Circumstances(
        now=now,
        preferences=KnownPreferences(keys, {row.business_id for row in conversations}),
        looking=attention.attentive_users([str(key) for key in keys]),
        addresses=Addresses(users),
        muted=_muted(keys, conversations, now),
    )


def _muted(
    user_ids: Collection[Any], conversations: Collection[Conversation], now: datetime
) -> set[tuple[Any, Any]]:
    rows = OwnState.objects.filter(
        user_id__in=user_ids, conversation_id__in={row.pk for row in conversations}, muted_until__gt=now
    )
    return set(rows.values_list("user_id", "conversation_id"))


def decide(
    known: Circumstances,
    channel: str,
    user: Any,
    conversation: Conversation,
    fresh: Fresh | None,
    *,
    early: bool = False,
) -> Decision:
    """Decide about a step for messages that the person has not read and was not notified of on this channel.

    With `early`, the messages need not have waited as long as they should.
    """
    if fresh is None:
        return Skip("read")
    if not known.addresses.is_set_up(channel):
        return Skip("not_set_up")
    preferences = known.preferences_of(user, conversation)
    due = fresh.first_at + preferences.wait(channel)
    if due > known.now and not early:
        return Wait(due)
    reason = _reason_to_skip(known, channel, user, conversation, preferences)
    if reason is not None or fresh.last_wanted_seq is None:
        return Skip(reason or "blocked")
    if str(user.pk) in known.looking:
        return Wait(known.now + LOOK_AGAIN)
    quiet_until = preferences.quiet_until(known.now)
    return Send() if quiet_until is None else Wait(quiet_until)


def _reason_to_skip(
    known: Circumstances, channel: str, user: Any, conversation: Conversation, preferences: Preferences
) -> str | None:
    if not user.is_active:
        return "suspended"
    if (user.pk, conversation.pk) in known.muted:
        return "muted"
    if not preferences.wants(channel):
        return "off"
    if channel == Channel.PUSH and not known.addresses.devices_of(user):
        return "no_device"
    if channel == Channel.EMAIL and not known.addresses.email_of(user):
        return "no_address"
    return None
