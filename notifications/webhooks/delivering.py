"""Deliver events to endpoints: in order within a conversation, and several conversations of an endpoint at once.

One worker at a time delivers to an endpoint; it holds the endpoint's lease. A lease that is not renewed ends, so the
endpoint of a worker that was killed is taken over. Endpoints that answer slowly are served by separate threads.
The deliveries are the outbox, and a job only wakes a worker. `wake_forgotten` finds endpoints whose job was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.config.queues import SLOW_WEBHOOK_QUEUE, WEBHOOK_QUEUE
from chatsite.http.endpoint_pace import timeout_of
from notifications.webhooks.models import Webhook, WebhookDelivery
from notifications.webhooks.results import record_attempts
from notifications.webhooks.schedule import CIRCUIT_FAILURES
from notifications.webhooks.sending import send_chain

LEASE: Final = timedelta(seconds=45)  # longer than a batch can take
AT_ONCE: Final = 8  # conversations of one endpoint
CHAIN: Final = 10  # events of one conversation, one after the other
TURN_SECONDS: Final = 5.0  # after which other endpoints get the thread
WAKEUP_LOST_AFTER: Final = timedelta(seconds=30)
LOOK_EVERY: Final = timedelta(seconds=15)


# --- Waking -----------------------------------------------------------------------------------------------------------


def wake(endpoints: Iterable[Webhook]) -> None:
    """Enqueue one job for each endpoint, unless one is enqueued already or the circuit is open.

    It runs after the COMMIT of a message, on a thread that writes for the whole site. So it skips an endpoint that is
    locked: whoever locks one either delivers to it or wakes it afterwards, and `wake_forgotten` finds the rest.
    """
    now = timezone.now()
    is_asleep = Q(woken_at=None) | Q(woken_at__lt=now - WAKEUP_LOST_AFTER)
    for endpoint in endpoints:
        if not endpoint.enabled or (endpoint.retry_at and endpoint.retry_at > now):
            continue
        asleep = Webhook.objects.filter(is_asleep, pk=endpoint.pk)
        if asleep.exists():  # most endpoints are awake, and need no lock
            _wake_unless_locked(endpoint, asleep, now)


@transaction.atomic
def _wake_unless_locked(endpoint: Webhook, asleep: QuerySet[Webhook], now: datetime) -> None:
    if asleep.select_for_update(skip_locked=True).values_list("pk"):
        asleep.update(woken_at=now)
        enqueue(deliver_slowly if endpoint.is_slow else deliver, str(endpoint.pk))


@job(attempts=1)
def wake_forgotten() -> None:
    """Wake every endpoint with a due delivery: a retry, or an event whose wake-up was lost."""
    now = timezone.now()
    due = _pending().filter(Q(retry_at=None) | Q(retry_at__lte=now))
    wake(Webhook.objects.filter(pk__in=due.values("webhook_id").distinct(), enabled=True))


every(LOOK_EVERY, wake_forgotten)


# --- Jobs -------------------------------------------------------------------------------------------------------------


@job(queue=WEBHOOK_QUEUE)
def deliver(webhook_id: str) -> None:
    """Deliver to an endpoint that answers quickly."""
    _take_turn(UUID(webhook_id), slowly=False)


@job(queue=SLOW_WEBHOOK_QUEUE)
def deliver_slowly(webhook_id: str) -> None:
    """Deliver to an endpoint that answers slowly, without delaying the others."""
    _take_turn(UUID(webhook_id), slowly=True)


def _take_turn(webhook_id: UUID, *, slowly: bool) -> None:
    with _lease(webhook_id) as endpoint:
        if endpoint is None:
            return
        until = monotonic() + TURN_SECONDS
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as threads:
            while endpoint is not None and monotonic() < until and endpoint.is_slow == slowly:
                endpoint = _deliver_batch(endpoint, threads)
    left = Webhook.objects.filter(pk=webhook_id, enabled=True).first()
    # Checked after the lease has ended, because other workers have skipped the endpoint while it was taken.
    if left is not None and due_deliveries(left, timezone.now()).exists():
        wake([left])


def _deliver_batch(endpoint: Webhook, threads: ThreadPoolExecutor) -> Webhook | None:
    """Send what is due. Return the endpoint's new state, or None if nothing is left to do now."""
    if not endpoint.enabled or (endpoint.retry_at and endpoint.retry_at > timezone.now()):
        return None
    assert endpoint.lease is not None
    # An endpoint that has failed is tried with one event before it gets the rest.
    is_trial = endpoint.failures >= CIRCUIT_FAILURES
    chains = _next_chains(endpoint, 1 if is_trial else AT_ONCE, 1 if is_trial else CHAIN)
    if not chains or not _renew(endpoint):
        return None
    seconds = timeout_of(is_slow=endpoint.is_slow)
    sent = threads.map(lambda deliveries: send_chain(endpoint, deliveries, seconds), chains)
    return record_attempts(endpoint.pk, endpoint.lease, list(chain.from_iterable(sent)))


# --- What is due ------------------------------------------------------------------------------------------------------


def _pending() -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(state=WebhookDelivery.State.PENDING).order_by()


def due_deliveries(endpoint: Webhook, now: datetime) -> QuerySet[WebhookDelivery]:
    """Return the first pending delivery of each conversation, if it may be tried now."""
    mine = _pending().filter(webhook_id=endpoint.pk)
    earlier = _pending().filter(
        webhook_id=endpoint.pk, sequence=OuterRef("sequence"), event_id__lt=OuterRef("event_id")
    )
    return mine.filter(Q(retry_at=None) | Q(retry_at__lte=now)).filter(~Exists(earlier))


def _next_chains(endpoint: Webhook, conversations: int, length: int) -> list[list[WebhookDelivery]]:
    due = due_deliveries(endpoint, timezone.now()).order_by("event_id")[:conversations]
    mine = _pending().filter(webhook_id=endpoint.pk).select_related("event").order_by("event_id")
    return [list(mine.filter(sequence=first)[:length]) for first in due.values_list("sequence", flat=True)]


# --- The lease --------------------------------------------------------------------------------------------------------


@contextmanager
def _lease(webhook_id: UUID) -> Iterator[Webhook | None]:
    """Lock the endpoint and yield it, or None while another worker delivers to it."""
    now, token = timezone.now(), uuid4()
    is_free = Q(lease_until=None) | Q(lease_until__lt=now)
    taken = Webhook.objects.filter(is_free, pk=webhook_id).update(
        lease=token, lease_until=now + LEASE, woken_at=None
    )
    if not taken:
        yield None
        return
    try:
        yield Webhook.objects.filter(pk=webhook_id, lease=token).first()
    finally:
        Webhook.objects.filter(pk=webhook_id, lease=token).update(lease=None, lease_until=None)


def _renew(endpoint: Webhook) -> bool:
    mine = Webhook.objects.filter(pk=endpoint.pk, lease=endpoint.lease)
    return mine.update(lease_until=timezone.now() + LEASE) == 1
