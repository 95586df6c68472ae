"""Background jobs of moderation."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from chatsite.background.jobs import enqueue, job
from chatsite.background.recurring import every
from chatsite.background.turns import Turn, waiting_jobs
from chatsite.config.queues import HOUSEKEEPING_QUEUE
from conversations.moderation.retention import Place, Run


@job(queue=HOUSEKEEPING_QUEUE, attempts=3)
def delete_old_messages(after: list[str] | None = None) -> None:
    """Delete messages that are older than they are kept.

    Another job continues after the conversation `after`, which is named by its business and its own id.
    """
    if after is None and waiting_jobs(delete_old_messages).exists():
        return  # that of yesterday has not come to its end
    turn = Turn()
    run = Run(place=None if after is None else Place(*map(UUID, after)))
    if run.go(lambda: turn.is_over):
        return
    place = run.place
    enqueue(delete_old_messages, place and [str(place.business_id), str(place.conversation_id)])


every(timedelta(days=1), delete_old_messages)
