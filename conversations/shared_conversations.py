"""Who may see that somebody is there: people who share a conversation, unless one blocks the other."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from chatsite.errors import DomainError
from conversations.access import memberships_of, user_key
from conversations.models import Block, Conversation, Membership


def shares_conversation(user_id: str, other_ids: Iterable[str]) -> set[str]:
    """Return the users among the others who share a conversation with the user, and do not block the user there.

    Runs four queries.
    """
    me = user_key(user_id)
    others = set()
    for raw in other_ids:
        try:
            others.add(user_key(raw))
        except DomainError:
            continue  # an invalid id is treated like a user whom the caller may not see
    mine = memberships_of(me)
    members = Membership.objects.filter(user_id__in=others).filter(
        Q(business_id__in=mine)
        | Q(business__conversations__customer_id=me, business__conversations__customer_blocked=False)
    )
    blockers = Block.objects.filter(user_id__in=others, blocked_user_id=me, for_business=None)
    customers = Conversation.objects.filter(
        customer_id__in=others, business_id__in=mine, business_blocked=False
    ).exclude(customer_id__in=list(blockers.values_list("user_id", flat=True)))
    found = set(members.values_list("user_id", flat=True)) | set(
        customers.values_list("customer_id", flat=True)
    )
    return {str(user_id) for user_id in found}
