"""Operations of owners on the endpoints of their business. Site-wide endpoints are created in Django admin."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue
from chatsite.database.after_commit import after_commit
from chatsite.errors import DomainError, invalid, not_found
from chatsite.http import outgoing
from conversations.access import UserId, object_key, require_owner
from conversations.validation import clean_text
from notifications.webhooks.delivering import wake
from notifications.webhooks.event_types import EVERY_TYPE, TEST, names
from notifications.webhooks.housekeeping import delete_deliveries_of
from notifications.webhooks.models import Webhook, WebhookDelivery
from notifications.webhooks.outbox import NewEvent, store
from notifications.webhooks.recorded_businesses import lock_marks, mark_recorded_businesses
from notifications.webhooks.secrets import encrypted, new_secret
from notifications.webhooks.serializers import DESCRIPTION_LENGTH

MOST_ENDPOINTS: Final = 20  # of one business
REPLAYED_AT_ONCE: Final = 1_000  # deliveries of one transaction
ROTATION: Final = timedelta(hours=24)  # in which the previous secret still signs
State = WebhookDelivery.State


# --- Validation -------------------------------------------------------------------------------------------------------


def clean_url(url: str) -> str:
    """Return the URL if it may be called: https, or http in a network of OUTGOING_ALLOW_NETWORKS."""
    plain = url.startswith("http:")
    outgoing.check_url(url, https_only=not plain)
    if plain and not _is_allowed_network(url):
        raise invalid("The address must begin with https://.", field="url")
    return url


def _is_allowed_network(url: str) -> bool:
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    networks = settings.OUTGOING_ALLOW_NETWORKS
    return all(any(address in network for network in networks) for address in addresses)


def clean_types(types: Sequence[str]) -> list[str]:
    known = {*names(), EVERY_TYPE}
    if not types:
        raise invalid("List at least one event type, or * for all.", field="events", known=sorted(known))
    for name in types:
        if name not in known:
            raise invalid(f"Unknown event type {name[:50]!r}.", field="events", known=sorted(known))
    return sorted(set(types))


def clean_description(text: str) -> str:
    return clean_text(text, field="description", limit=DESCRIPTION_LENGTH)


# --- Endpoints --------------------------------------------------------------------------------------------------------


def create_endpoint(
    *, user_id: UserId, business_id: str, url: str, types: Sequence[str], description: str = ""
) -> tuple[Webhook, str]:
    """Create an endpoint. Return it with its secret, which cannot be read again."""
    business = require_owner(user_id, business_id)
    types, description, url = clean_types(types), clean_description(description), clean_url(url)
    with transaction.atomic():
        lock_marks()
        if Webhook.objects.filter(business=business).count() >= MOST_ENDPOINTS:
            raise DomainError("conflict", f"A business can have at most {MOST_ENDPOINTS} webhooks.")
        secret = new_secret()
        endpoint = Webhook.objects.create(
            business=business,
            url=url,
            events=types,
            description=description,
            secret=encrypted(secret),
            created_by_id=user_id,
        )
        mark_recorded_businesses([business.pk])
    return endpoint, secret


def find_endpoint(user_id: UserId, raw_id: str | UUID) -> Webhook:
    """Return an endpoint of a business that the user owns. `forbidden` to agents, `not_found` to everybody else."""
    endpoint = Webhook.objects.filter(pk=object_key(raw_id, "webhook")).first()
    if endpoint is None or endpoint.business_id is None:
        raise not_found("webhook")
    try:
        require_owner(user_id, endpoint.business_id)
    except DomainError as error:
        raise (not_found("webhook") if error.code == "not_found" else error) from error
    return endpoint


def endpoints_of_business(user_id: UserId, business_id: str) -> QuerySet[Webhook]:
    return Webhook.objects.filter(business=require_owner(user_id, business_id))


def change_endpoint(
    *,
    user_id: UserId,
    webhook_id: str,
    url: str | None = None,
    types: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Change what is given. Enabling an endpoint again delivers what has waited."""
    endpoint = find_endpoint(user_id, webhook_id)
    changes: dict[str, Any] = {}
    if url is not None:
        changes["url"] = clean_url(url)
    if types is not None:
        changes["events"] = clean_types(types)
    if description is not None:
        changes["description"] = clean_description(description)
    if enabled is not None and enabled != endpoint.enabled:
        changes |= switched(enabled)
    return apply_changes(endpoint, changes)


def switched(enabled: bool) -> dict[str, Any]:
    """Return the columns of an endpoint that a person enables or disables."""
    if not enabled:
        return {"enabled": False, "disabled_reason": Webhook.DisabledReason.BY_HAND}
    return {"enabled": True, "disabled_reason": "", "failures": 0, "failing_since": None, "retry_at": None}


@transaction.atomic
def apply_changes(endpoint: Webhook, changes: dict[str, Any]) -> Webhook:
    """Write columns of an endpoint, and update the mark of its business."""
    lock_marks()
    if changes:
        Webhook.objects.filter(pk=endpoint.pk).update(**changes)
        endpoint.refresh_from_db()
    mark_recorded_businesses(None if endpoint.business_id is None else [endpoint.business_id])
    after_commit(wake, [endpoint])
    return endpoint


def delete_endpoint(*, user_id: UserId, webhook_id: str) -> None:
    """Delete the endpoint at once, and its deliveries in a job."""
    remove_endpoint(find_endpoint(user_id, webhook_id))


@transaction.atomic
def remove_endpoint(endpoint: Webhook) -> None:
    lock_marks()
    webhook_id, business_id = endpoint.pk, endpoint.business_id
    endpoint.delete()
    enqueue(delete_deliveries_of, str(webhook_id))
    mark_recorded_businesses(None if business_id is None else [business_id])


def rotate_secret(*, user_id: UserId, webhook_id: str) -> tuple[Webhook, str]:
    """Make a new secret. The previous one also signs for 24 hours, so that the receiver has time to change it."""
    return renew_secret(find_endpoint(user_id, webhook_id))


@transaction.atomic
def renew_secret(endpoint: Webhook) -> tuple[Webhook, str]:
    locked = Webhook.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
    secret = new_secret()
    locked.previous_secret, locked.previous_secret_until = locked.secret, timezone.now() + ROTATION
    locked.secret = encrypted(secret)
    locked.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    after_commit(wake, [locked])
    return locked, secret


# --- Deliveries -------------------------------------------------------------------------------------------------------


def deliveries_of(user_id: UserId, webhook_id: str, *, state: str | None = None) -> QuerySet[WebhookDelivery]:
    endpoint = find_endpoint(user_id, webhook_id)
    rows = WebhookDelivery.objects.filter(webhook=endpoint).select_related("event")
    if state is not None:
        if state not in State.values:
            raise invalid(f"state must be one of {', '.join(State.values)}.", field="state")
        rows = rows.filter(state=state)
    return rows


def send_test(*, user_id: UserId, webhook_id: str) -> WebhookDelivery:
    """Queue an event for this endpoint alone, whatever types it subscribes to."""
    endpoint = find_endpoint(user_id, webhook_id)
    if not endpoint.enabled:
        raise DomainError("conflict", "The webhook is disabled.")
    return store_test(endpoint)


@transaction.atomic
def store_test(endpoint: Webhook) -> WebhookDelivery:
    # Only its own copy asks for the type of tests.
    asking = Webhook(pk=endpoint.pk, business_id=endpoint.business_id, events=[TEST], enabled=True)
    asking.is_slow = endpoint.is_slow
    data = msgspec.json.encode({"webhookId": endpoint.pk})
    [delivery] = store([NewEvent(TEST, endpoint.business_id, data)], [asking])
    return delivery


def replay(
    *,
    user_id: UserId,
    webhook_id: str,
    delivery_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Deliver one event again, or all of a span of time. Return how many. They keep their ids."""
    endpoint = find_endpoint(user_id, webhook_id)
    if not endpoint.enabled:
        raise DomainError("conflict", "The webhook is disabled. Enable it before the replay.")
    rows = WebhookDelivery.objects.filter(webhook=endpoint)
    if delivery_id is not None:
        if not delivery_id.isascii() or not delivery_id.isdigit() or len(delivery_id) > 18:
            raise not_found("delivery")
        rows = rows.filter(pk=int(delivery_id))
        if not rows.exists():
            raise not_found("delivery")
    elif since is None:
        raise invalid("Set deliveryId, or from and to.", field="deliveryId")
    else:
        rows = deliveries_between(endpoint, since, until)
    return replay_deliveries(endpoint, rows)


def deliveries_between(
    endpoint: Webhook, since: datetime, until: datetime | None = None
) -> QuerySet[WebhookDelivery]:
    """Return the deliveries that were created from `since` until before `until`, or until now if that is earlier."""
    now = timezone.now()  # so that the rows do not grow while they are replayed
    end = now if until is None else min(until, now)
    return WebhookDelivery.objects.filter(webhook=endpoint, created_at__gte=since, created_at__lt=end)


def replay_deliveries(endpoint: Webhook, rows: QuerySet[WebhookDelivery]) -> int:
    """Deliver the rows again, the oldest first, in batches that hold the endpoint only for a moment.

    What a batch has committed is delivered also if the process dies before the next one.
    """
    replayed = last = 0
    while keys := _replay_batch(endpoint, rows.filter(pk__gt=last)):
        replayed, last = replayed + len(keys), keys[-1]
    return replayed


@transaction.atomic
def _replay_batch(endpoint: Webhook, rows: QuerySet[WebhookDelivery]) -> list[int]:
    """Make the first rows pending, and return their keys."""
    # All code that writes deliveries of an endpoint locks the endpoint first, so that there are no deadlocks.
    held = Webhook.objects.select_for_update(of=("self",)).filter(pk=endpoint.pk)
    if held.first() is None:
        return []
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:REPLAYED_AT_ONCE])
    WebhookDelivery.objects.filter(pk__in=keys).update(
        state=State.PENDING, attempts=0, first_attempt_at=None, retry_at=None
    )
    Webhook.objects.filter(pk=endpoint.pk).update(retry_at=None)
    endpoint.retry_at = None
    after_commit(wake, [endpoint])
    return keys
