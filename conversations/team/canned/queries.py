"""Which canned answers a member sees, and the search for the composer's picker."""

from __future__ import annotations

from typing import Final

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from chatsite.errors import not_found
from conversations.access import UserId, object_key
from conversations.models import CannedAnswer, Membership, TeamGroup
from conversations.search.tokens import fold, tokenize
from conversations.team.canned.files import prefetch_files
from conversations.team.canned.models import CODE_LENGTH

MOST_FOUND: Final = 20
MOST_WORDS: Final = 8


def answer_groups(membership: Membership) -> QuerySet[TeamGroup]:
    """Return the groups whose answers the member sees: the member's own, or all of them for an owner."""
    groups = TeamGroup.objects.filter(business_id=membership.business_id, removed_at=None)
    if membership.role == Membership.Role.OWNER:
        return groups
    return groups.filter(members=membership.user_id)


def visible_answers(membership: Membership) -> QuerySet[CannedAnswer]:
    """Return the answers of the whole business, those of the member's groups, and the member's own private ones.

    Owners of the business see the answers of every group.
    """
    shared = Q(owner=None, group=None) | Q(group__in=answer_groups(membership).values("pk"))
    rows = CannedAnswer.objects.prefetch_related(prefetch_files())
    return rows.filter(shared | Q(owner_id=membership.user_id), business_id=membership.business_id)


def find_answer(user_id: UserId, raw_id: str, *, lock: bool = False) -> tuple[CannedAnswer, Membership]:
    """Return a canned answer that the user sees, and the user's membership of its business."""
    key = object_key(raw_id, "canned answer")
    rows = CannedAnswer.objects.select_for_update() if lock else CannedAnswer.objects.all()
    answer = rows.filter(pk=key).first()
    mine = Membership.objects.select_related("business", "user")
    membership = mine.filter(business_id=answer.business_id, user_id=user_id).first() if answer else None
    if answer is None or membership is None or not visible_answers(membership).filter(pk=key).exists():
        raise not_found("canned answer")
    return answer, membership


def lock_answers(answers: QuerySet[CannedAnswer]) -> None:
    """Lock answers that are about to be deleted. A cascade would lock their files first, and could cause a deadlock."""
    list(answers.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


def search_answers(membership: Membership, query: str) -> list[CannedAnswer]:
    """Return the best matches: the code itself, codes that begin with the query, then texts with all of its words.

    Within each, the answers that are used most come first. The last word may be the beginning of a word.
    """
    code = fold(query.strip().removeprefix("/"))[:CODE_LENGTH]
    matches = Q(code__startswith=code) if code else Q()
    words = [token.text for token in tokenize(query)][:MOST_WORDS]
    if words:
        in_text = Q(tokens__contains=f" {words[-1]}")
        for word in words[:-1]:
            in_text &= Q(tokens__contains=f" {word} ")
        matches |= in_text
    rank = Case(
        When(code=code, then=Value(0)),
        When(code__startswith=code, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = visible_answers(membership).filter(matches).annotate(rank=rank)
    return list(rows.order_by("rank", "-uses", "code", "id")[:MOST_FOUND])
