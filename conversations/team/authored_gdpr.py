"""Export and erase the rows of a team that have an author. Private ones have an `owner` as well.

The rows of the whole business stay when their author is erased or leaves. The private ones are deleted, because nobody
else can see them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from conversations.membership import membership_changed
from conversations.models import CannedAnswer, Membership, SavedView
from conversations.moderation import erasure, exports

Row = TypeVar("Row", CannedAnswer, SavedView)


def register_authored_rows(model: type[Row], *, section: str, line: Callable[[Row], Any]) -> None:
    """Let exports of a person contain these rows under `section`, and erasures and departures delete or change them."""
    manager = model._default_manager

    def export(user_id: Any) -> Iterator[Any]:
        rows = manager.filter(Q(owner_id=user_id) | Q(created_by_id=user_id)).order_by("pk")
        yield from map(line, rows.iterator(chunk_size=100))

    def delete(rows: QuerySet[Any]) -> None:
        # A cascade would lock the files of an answer before the answer, and could cause a deadlock.
        list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
        rows.delete()

    def forget_person(user_id: Any) -> None:
        delete(manager.filter(owner_id=user_id))
        manager.filter(created_by_id=user_id).update(created_by=None)

    def forget_former_member(user_id: Any, business_id: UUID) -> None:
        if not Membership.objects.filter(user_id=user_id, business_id=business_id).exists():
            delete(manager.filter(owner_id=user_id, business_id=business_id))

    exports.person_sections[section] = export
    erasure.forget_person.append(forget_person)
    membership_changed.append(forget_former_member)
