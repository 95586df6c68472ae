"""Subscribe browsers to push, and end subscriptions."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from chatsite.errors import DomainError, invalid, not_found
from chatsite.http.endpoint_pace import SLOW_SECONDS
from chatsite.http.outgoing import check_url
from chatsite.identity.password_tags import password_tag
from conversations.access import UserId, object_key
from notifications.delivery.models import PushSubscription
from notifications.delivery.push import base64url
from notifications.delivery.push.encryption import public_key

MOST: Final = 20  # browsers of one person; the oldest is removed


def subscribe(
    *,
    user: Any,
    endpoint: str,
    p256dh: str,
    auth: str,
    device: str = "",
    login_id: UUID | None = None,
    session_key: str = "",
) -> PushSubscription:
    """Store a browser's subscription. A subscription that is stored already gets the new keys and moves to this person.

    A browser has one subscription for all its users, so the last one who subscribes gets its pushes. It ends with
    the login `login_id` or the browser's session, and with the current password.
    """
    check_url(endpoint, https_only=True)
    _check_keys(p256dh, auth)
    values = {
        "p256dh": p256dh,
        "auth": auth,
        "device": device[:200],
        "login_id": login_id,
        "session_key": session_key,
        "password_tag": password_tag(user),
    }
    with transaction.atomic():
        row = _store(user.pk, endpoint, values)
        _drop_oldest(user.pk)
    return row


def _store(user_id: UserId, endpoint: str, values: dict[str, Any]) -> PushSubscription:
    digest = sha256(endpoint.encode()).hexdigest()
    values = {**values, "user_id": user_id}
    known = PushSubscription.objects.select_for_update().filter(endpoint_digest=digest).first()
    if known is not None and known.user_id == user_id:
        PushSubscription.objects.filter(pk=known.pk).update(**values)
        known.refresh_from_db()
        return known
    values["is_slow"] = _is_slow(user_id) or (known is not None and known.is_slow)
    if known is not None:
        known.delete()  # this also deletes the pending pushes to its former user
    row, _ = PushSubscription.objects.update_or_create(
        endpoint_digest=digest, defaults=values, create_defaults={**values, "endpoint": endpoint}
    )
    return row


def _is_slow(user_id: UserId) -> bool:
    return PushSubscription.objects.filter(user_id=user_id, is_slow=True).exists()


@transaction.atomic
def note_pace(device: PushSubscription, seconds: float) -> None:
    """Note whether the push service answered slowly.

    If so, all pushes to the person get the queue of the slow ones. Otherwise somebody could stall the other queue with
    many subscriptions at a server that never answers.
    """
    if seconds > SLOW_SECONDS:
        others = PushSubscription.objects.filter(user_id=device.user_id, is_slow=False)
        keys = list(others.select_for_update().order_by("pk").values_list("pk", flat=True))
        PushSubscription.objects.filter(pk__in=keys).update(is_slow=True)
    elif device.is_slow:
        PushSubscription.objects.filter(pk=device.pk).update(is_slow=False)


def unsubscribe(*, user_id: UserId, subscription_id: str | UUID) -> None:
    key = object_key(subscription_id, "subscription")
    if not PushSubscription.objects.filter(pk=key, user_id=user_id).delete()[0]:
        raise not_found("subscription")


def _drop_oldest(user_id: UserId) -> None:
    kept = (
        PushSubscription.objects.filter(user_id=user_id).order_by("-pk").values_list("pk", flat=True)[:MOST]
    )
    PushSubscription.objects.filter(user_id=user_id).exclude(pk__in=list(kept)).delete()


def _check_keys(p256dh: str, auth: str) -> None:
    try:
        raw, secret = base64url.decode(p256dh.rstrip("=")), base64url.decode(auth.rstrip("="))
        public_key(raw)
    except ValueError as error:
        raise invalid(
            "p256dh must be a key of the curve P-256, in base64url.", field="keys.p256dh"
        ) from error
    if len(secret) != 16:
        raise DomainError("invalid", "auth must have 16 bytes, in base64url.", {"field": "keys.auth"})
