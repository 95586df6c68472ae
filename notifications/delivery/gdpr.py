"""Export and erase a person's settings, subscriptions, notices and received mails."""

from __future__ import annotations

from collections.abc import Iterator

from conversations.access import UserId
from conversations.moderation import erasure, exports
from notifications.delivery.models import (
    Notice,
    NotificationSettings,
    Progress,
    PushSubscription,
    ReceivedMail,
)
from notifications.delivery.notices import last_of
from notifications.delivery.serializers import (
    DecisionObject,
    SettingsObject,
    SubscriptionObject,
    decision_object,
    settings_object,
    subscription_object,
)


def settings_lines(user_id: UserId) -> Iterator[SettingsObject]:
    return map(settings_object, NotificationSettings.objects.filter(pk=user_id))


def subscription_lines(user_id: UserId) -> Iterator[SubscriptionObject]:
    return map(subscription_object, PushSubscription.objects.filter(user_id=user_id).order_by("pk"))


def decision_lines(user_id: UserId) -> Iterator[DecisionObject]:
    return map(decision_object, last_of(user_id))


def forget_person(user_id: UserId) -> None:
    """Delete all of it, because it concerns only this person."""
    for model in (Notice, PushSubscription, NotificationSettings, Progress, ReceivedMail):
        model._default_manager.filter(user_id=user_id).delete()


erasure.forget_person.append(forget_person)
exports.person_sections["notificationSettings"] = settings_lines
exports.person_sections["pushSubscription"] = subscription_lines
exports.person_sections["notificationDecision"] = decision_lines
