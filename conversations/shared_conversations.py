"""Who may see that somebody is there: people who share a conversation, unless one blocks the other."""

from __future__ import annotations

from collections.abc import Iterable

from chatsite.errors import DomainError
from conversations.access import user_key
from conversations.models import Block, Conversation, Membership


def shares_conversation(user_id: str, other_ids: Iterable[str]) -> set[str]:
    """Return the users among the others who share a conversation with the user, and do not block the user there.

    Runs one query.
    """
    me = user_key(user_id)
    others = set()
    for raw in other_ids:
        try:
            others.add(user_key(raw))
        except DomainError:
            continue  # an invalid id is treated like a user whom the caller may not see
    if not others:
        return set()
    mine = Membership.objects.filter(user_id=me).values("business_id")
    written_to = Conversation.objects.filter(customer_id=me, customer_blocked=False).order_by()
    members = Membership.objects.filter(user_id__in=others).values_list("user_id")
    blockers = Block.objects.filter(user_id__in=others, blocked_user_id=me, for_business=None)
    customers = Conversation.objects.filter(
        customer_id__in=others, business_id__in=mine, business_blocked=False
    ).exclude(customer_id__in=blockers.values("user_id"))
    # An OR of the first two would join the members with all conversations of their business.
    found = members.filter(business_id__in=mine).union(
        members.filter(business_id__in=written_to.values("business_id")),
        customers.order_by().values_list("customer_id"),
    )
    return {str(key) for (key,) in found}
