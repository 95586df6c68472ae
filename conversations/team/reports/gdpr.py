"""Export and erase what customers wrote with their ratings. The scores stay for the reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from conversations.moderation import erasure, exports
from conversations.team.reports.models import Episode


class RatingLine(msgspec.Struct, rename="camel"):
    conversation_id: UUID
    score: int | None
    comment: str
    rated_at: datetime | None


def rating_lines(user_id: Any) -> Iterator[RatingLine]:
    rows = Episode.objects.filter(conversation__customer_id=user_id, rated_at__isnull=False).order_by("pk")
    for row in rows.iterator(chunk_size=100):
        yield RatingLine(row.conversation_id, row.score, row.comment, row.rated_at)


def forget_person(user_id: Any) -> None:
    """Empty the comments. As an agent, the person is an erased user in the reports from now on."""
    Episode.objects.filter(conversation__customer_id=user_id).exclude(comment="").update(comment="")


exports.person_sections["rating"] = rating_lines
erasure.forget_person.append(forget_person)
