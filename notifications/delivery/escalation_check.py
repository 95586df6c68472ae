"""Check the escalations that are due, and create the notices for their people.

A check reads what is unread and decides again for each person, so a receipt, a mute or a deletion needs no hook here.
It locks the conversation: no message can be stored between the check and the end of its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from chatsite.background.jobs import enqueue
from conversations.models import Conversation
from notifications.delivery import attention
from notifications.delivery.decisions import (
    Circumstances,
    Decision,
    Send,
    Skip,
    Wait,
    circumstances_of,
    decide,
)
from notifications.delivery.mail.sending import send_mail
from notifications.delivery.models import Channel, Escalation, Notice, Progress
from notifications.delivery.notices import ABANDONED, record_skip
from notifications.delivery.push.sending import send_push
from notifications.delivery.unread import fresh_messages, lock_progress, readers, side_has_unread

BATCH: Final = 50  # conversations of one transaction, which blocks other writes to them
# An escalation without a step is kept for this time. Servers rely on it until it is due by their own clocks, so a
# worker's clock may be ahead of theirs by this much.
GRACE: Final = timedelta(seconds=30)
SOONEST: Final = timedelta(seconds=1)  # until the next check, so that `check_due` comes to an end
PENDING_MAIL: Final = timedelta(minutes=1)  # until the next check, while a mail is pending
ABANDONED_FOR: Final = timedelta(minutes=10)  # no new mail to somebody whose last one has stopped the workers


def check_due(now: datetime) -> int:
    """Decide about all due escalations, and return their number. Several workers may run this at the same time."""
    checked = 0
    while True:
        attention.try_cache()  # because the batch asks who looks at a screen, and holds locks
        done = _check_batch(now)
        checked += done
        if done < BATCH:
            return checked


@transaction.atomic
def _check_batch(now: datetime) -> int:
    rows = Escalation.objects.select_related(
        "conversation__business", "conversation__customer", "conversation__team_state"
    )
    due = list(
        rows.filter(due_at__lte=now)
        .order_by("due_at")
        .select_for_update(skip_locked=True, of=("self", "conversation"))[:BATCH]
    )
    if due:
        _Check(due, now).run()
    return len(due)


@dataclass
class _Changes:
    """The writes of a batch of checks."""

    skipped: list[Notice] = field(default_factory=list)
    pushes: list[Notice] = field(default_factory=list)
    mails: dict[Any, None] = field(default_factory=dict)  # user ids
    progress: dict[int, Progress] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    postponed: list[Escalation] = field(default_factory=list)


class _Check:
    """One check of several escalations whose conversations are locked."""

    def __init__(self, escalations: list[Escalation], now: datetime) -> None:
        self._escalations = escalations
        self._now = now
        self._changes = _Changes()

    def run(self) -> None:
        unread = [row for row in self._escalations if side_has_unread(row.conversation, row.side)]
        unread_in = [row.conversation for row in unread]
        people = readers(unread_in) if unread else {}
        self._readers = {
            (row.conversation_id, row.side): people[row.conversation_id, row.side] for row in unread
        }
        users = {user.pk: user for group in self._readers.values() for user in group}
        self._known = circumstances_of(list(users.values()), unread_in, self._now)
        self._progress = lock_progress(
            {(user.pk, key) for (key, _), group in self._readers.items() for user in group}
        )
        spots = {
            (key, side, _told(self._progress[user.pk, key], channel))
            for (key, side), group in self._readers.items()
            for user in group
            for channel in Channel.values
        }
        self._fresh = fresh_messages(spots, unread_in)
        for row in self._escalations:
            self._check(row)
        self._write()

    def _check(self, row: Escalation) -> None:
        times = [
            at
            for user in self._readers.get((row.conversation_id, row.side), ())
            for channel in Channel.values
            if (at := self._step(channel, user, row.conversation, row.side)) is not None
        ]
        if not times and row.is_settled:
            self._changes.finished.append(row.pk)
            return
        row.due_at = max(min(times), self._now + SOONEST) if times else self._now + GRACE
        row.is_settled = not times
        self._changes.postponed.append(row)

    def _step(self, channel: str, user: Any, conversation: Conversation, side: str) -> datetime | None:
        """Take one step for one person. Return when to check again, or None if nothing is left to do."""
        progress = self._progress[user.pk, conversation.pk]
        fresh = self._fresh.get((conversation.pk, side, _told(progress, channel)))
        if fresh is None:
            return None
        decision = decide(self._known, channel, user, conversation, fresh)
        if isinstance(decision, Wait):
            return decision.until
        if isinstance(decision, Send) and channel == Channel.EMAIL:
            self._changes.mails[user.pk] = None
            return self._now + PENDING_MAIL
        self._settle(channel, user, conversation, progress, fresh.last_seq, decision)
        return None

    def _settle(
        self,
        channel: str,
        user: Any,
        conversation: Conversation,
        progress: Progress,
        last_seq: int,
        decision: Decision,
    ) -> None:
        """Record that a push up to a message was created or skipped for the person."""
        if channel == Channel.PUSH:
            progress.push_seq = last_seq
        else:
            progress.email_seq = last_seq
        self._changes.progress[progress.pk] = progress
        if isinstance(decision, Skip) and decision.reason == "not_set_up":
            return  # not a decision about this person
        if isinstance(decision, Skip):
            self._changes.skipped.append(
                record_skip(user.pk, channel, conversation.pk, decision.reason, self._now)
            )
        else:
            self._changes.pushes += pushes_to(self._known, user, conversation.pk, last_seq)

    def _write(self) -> None:
        changes = self._changes
        Escalation.objects.filter(pk__in=changes.finished).delete()
        Escalation.objects.bulk_update(changes.postponed, ["due_at", "is_settled"])
        Progress.objects.bulk_update(changes.progress.values(), ["push_seq", "email_seq"])
        Notice.objects.bulk_create(changes.skipped)
        store_pushes(changes.pushes)
        store_mails(changes.mails, self._now)


def _told(progress: Progress, channel: str) -> int:
    return progress.push_seq if channel == Channel.PUSH else progress.email_seq


def pushes_to(known: Circumstances, user: Any, conversation_id: UUID, last_seq: int) -> list[Notice]:
    """Create a push for each browser of the person."""
    return [
        Notice(
            user_id=user.pk,
            channel=Channel.PUSH,
            conversation_id=conversation_id,
            subscription=device,
            covers={str(conversation_id): last_seq},
            created_at=known.now,
        )
        for device in known.addresses.devices_of(user)
    ]


def store_pushes(notices: list[Notice]) -> None:
    """Store the pushes and their jobs. A browser that has a pending push for the conversation gets no second one."""
    if not notices:
        return
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    made = Notice.objects.filter(pk__in=[notice.pk for notice in notices]).values_list("pk", flat=True)
    for key in made.order_by("pk"):
        enqueue(send_push, str(key))


def store_mails(user_ids: Iterable[Any], now: datetime) -> None:
    """Store a pending mail and its job for each person who has none yet."""
    wanted = list(user_ids)
    mails = Notice.objects.filter(channel=Channel.EMAIL, episode=None, user_id__in=wanted)
    is_under_way = Q(state=Notice.State.PENDING)
    has_stopped_workers = Q(reason=ABANDONED, finished_at__gt=now - ABANDONED_FOR)
    held = mails.filter(is_under_way | has_stopped_workers)
    known = set(held.values_list("user_id", flat=True)) if wanted else set()
    for user_id in wanted:
        if user_id in known:
            continue
        notice = Notice(user_id=user_id, channel=Channel.EMAIL, created_at=now)
        made = Notice.objects.bulk_create([notice], ignore_conflicts=True)
        if Notice.objects.filter(pk=made[0].pk).exists():  # another worker may have created one meanwhile
            enqueue(send_mail, str(notice.pk))
