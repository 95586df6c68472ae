"""Write an escalation in the transaction of the message: one statement for any number of messages.

A side that has one already keeps it, so a busy conversation only costs an index lookup. One that waits for a later
step becomes due for the new message. A conversation with a new assignee needs one too. `escalation_check` processes
those that are due.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from chatsite.database.pg_arrays import texts, uuids
from chatsite.database.pipeline import tell
from conversations.models import Conversation, Side, TeamState
from conversations.team.change import assignee_changed
from conversations.writing.conversation_change import sides_with_new_unread
from notifications.delivery.addresses import is_set_up
from notifications.delivery.models import Channel, Escalation

_TABLE: Final = Escalation._meta.db_table
# The transaction holds the locks of the conversations, and so does whoever else writes these rows. So what
# `NOT EXISTS` finds stays, and the usual row, which is due earlier, is neither locked nor written.
_INSERT: Final = f"""
    INSERT INTO {_TABLE} (conversation_id, side, due_at, is_settled)
    SELECT v.conversation, v.side, %s::timestamptz, false FROM unnest(%s::uuid[], %s::text[]) AS v(conversation, side)
    WHERE NOT EXISTS (
        SELECT FROM {_TABLE} e
        WHERE e.conversation_id = v.conversation AND e.side = v.side AND e.due_at <= %s::timestamptz)
    ON CONFLICT (conversation_id, side) DO UPDATE SET due_at = EXCLUDED.due_at, is_settled = false"""


# When each side is due, as this process has committed. Until then its escalation exists, so a busy side costs one
# statement in ten seconds. A clock that is ahead does no harm: see `escalation_check.GRACE`.
_due: Final[dict[tuple[UUID, str], datetime]] = {}
KNOWN: Final = 20_000  # sides


def escalate(sides: Collection[tuple[UUID, str]], now: datetime) -> None:
    """Let a worker check these sides of conversations after `PUSH_AFTER_SECONDS`."""
    if not any(map(is_set_up, Channel.values)):
        return
    new = [side for side in sides if (due := _due.get(side)) is None or due <= now]
    if new:
        due_at = now + timedelta(seconds=settings.PUSH_AFTER_SECONDS)
        _write(new, due_at)
        transaction.on_commit(partial(_remember, new, due_at))


def _remember(sides: Collection[tuple[UUID, str]], due_at: datetime) -> None:
    if len(_due) > KNOWN:
        forget()
    _due.update(dict.fromkeys(sides, due_at))


def forget() -> None:
    """Forget the written escalations, so that the next one of every side is written."""
    _due.clear()


def _write(sides: Collection[tuple[UUID, str]], due_at: datetime) -> None:
    if connection.vendor == "postgresql":
        conversations, names = zip(*sorted(sides), strict=True)
        tell(_INSERT, [due_at, uuids(conversations), texts(names), due_at])
        return
    for side in sorted({side for _, side in sides}):
        keys = [key for key, of_side in sides if of_side == side]
        later = Escalation.objects.filter(conversation_id__in=keys, side=side, due_at__gt=due_at)
        later.update(due_at=due_at, is_settled=False)
    rows = [Escalation(conversation_id=key, side=side, due_at=due_at) for key, side in sides]
    Escalation.objects.bulk_create(rows, ignore_conflicts=True)


def escalate_to_assignee(conversation: Conversation, state: TeamState) -> None:
    """Let a worker check the unread messages at once, because the people to notify have changed."""
    if conversation.business_unread and any(map(is_set_up, Channel.values)):
        _write({(conversation.pk, Side.BUSINESS.value)}, timezone.now())


sides_with_new_unread.append(escalate)
assignee_changed.append(escalate_to_assignee)
