"""Record the results of attempts: retries, the circuit breaker, and disabled endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatsite.database.after_commit import after_commit
from chatsite.http.endpoint_pace import SLOW_SECONDS
from chatsite.observability.metrics.instruments import Counter
from conversations.models import Membership
from notifications import types
from notifications.inbox import lock_inboxes
from notifications.operations import notify
from notifications.webhooks.models import Webhook, WebhookDelivery
from notifications.webhooks.recorded_businesses import mark_recorded_businesses
from notifications.webhooks.schedule import GIVE_UP_AFTER, circuit_delay, retry_delay
from notifications.webhooks.sending import Attempt, shown_url

GONE: Final = 410
State = WebhookDelivery.State

attempts_made = Counter("chat_webhook_attempts", "Attempts to deliver a webhook event.", "outcome")
endpoints_disabled = Counter(
    "chat_webhooks_disabled", "Endpoints that were disabled because of their answers."
)

WEBHOOK_DISABLED = types.declare(
    "webhook_disabled",
    label=_("Webhooks"),
    title="A webhook was disabled: {url}",
    for_members=True,
    body=lambda data: {
        "gone": "It answered 410 Gone. Events are kept for 30 days.",
        "unreachable": "It accepted nothing for three days. Events are kept for 30 days.",
    }[data["reason"]],
)


@transaction.atomic
def record_attempts(webhook_id: UUID, lease: UUID, attempts: Sequence[Attempt]) -> Webhook | None:
    """Write the results of a batch. Return None if another worker holds the lease, which then sends the batch again."""
    endpoint = Webhook.objects.select_for_update(of=("self",)).filter(pk=webhook_id, lease=lease).first()
    if endpoint is None:
        return None
    for attempt in attempts:
        _record_delivery(attempt)
    _record_endpoint(endpoint, attempts)
    for attempt in attempts:
        attempts_made.add(1, "delivered" if attempt.succeeded else "failed")
    return endpoint


def _record_delivery(attempt: Attempt) -> None:
    delivery = attempt.delivery
    delivery.attempts += 1
    delivery.first_attempt_at = delivery.first_attempt_at or attempt.at
    delivery.last_attempt_at = attempt.at
    delivery.request, delivery.answer, delivery.error = attempt.request, attempt.answer, attempt.error
    if attempt.succeeded:
        delivery.state, delivery.retry_at = State.DELIVERED, None
    elif attempt.at - delivery.first_attempt_at > GIVE_UP_AFTER:
        delivery.state, delivery.retry_at = State.FAILED, None
    else:
        delivery.retry_at = timezone.now() + retry_delay(delivery.attempts, attempt.retry_after)
    delivery.save(
        update_fields=[
            "attempts",
            "first_attempt_at",
            "last_attempt_at",
            "retry_at",
            "request",
            "answer",
            "error",
            "state",
        ]
    )


def _record_endpoint(endpoint: Webhook, attempts: Sequence[Attempt]) -> None:
    now = timezone.now()
    endpoint.is_slow = max(attempt.seconds for attempt in attempts) > SLOW_SECONDS
    if any(attempt.succeeded for attempt in attempts):
        endpoint.failures, endpoint.failing_since, endpoint.retry_at = 0, None, None
    else:
        endpoint.failures += 1
        endpoint.failing_since = endpoint.failing_since or now
        pause = circuit_delay(endpoint.failures)
        endpoint.retry_at = None if pause is None else now + pause
    endpoint.save(update_fields=["is_slow", "failures", "failing_since", "retry_at"])
    reason = _reason_to_disable(endpoint, attempts, now)
    if reason is not None and endpoint.enabled:
        _disable(endpoint, reason)


def _reason_to_disable(endpoint: Webhook, attempts: Sequence[Attempt], now: datetime) -> str | None:
    if any(attempt.status == GONE for attempt in attempts):
        return Webhook.DisabledReason.GONE.value
    if endpoint.failing_since is not None and now - endpoint.failing_since > GIVE_UP_AFTER:
        return Webhook.DisabledReason.UNREACHABLE.value
    return None


def _disable(endpoint: Webhook, reason: str) -> None:
    """Disable the endpoint and notify the owners of its business, or the creator of a site-wide endpoint."""
    endpoint.enabled, endpoint.disabled_reason = False, reason
    endpoint.save(update_fields=["enabled", "disabled_reason"])
    endpoints_disabled.add()
    after_commit(mark_recorded_businesses, None if endpoint.business_id is None else [endpoint.business_id])
    told = _people_to_tell(endpoint)
    lock_inboxes(told)
    for user_id in sorted(told):
        notify(
            recipient_id=user_id,
            type=WEBHOOK_DISABLED.name,
            data={"webhookId": str(endpoint.pk), "url": shown_url(endpoint.url)[:150], "reason": reason},
        )


def _people_to_tell(endpoint: Webhook) -> set[int]:
    if endpoint.business_id is None:
        return {endpoint.created_by_id} if endpoint.created_by_id is not None else set()
    owners = Membership.objects.filter(business_id=endpoint.business_id, role=Membership.Role.OWNER)
    return set(owners.values_list("user_id", flat=True))
