"""How many messages a person has not read."""

from __future__ import annotations

from django.db.models import Q, Sum
from django.utils import timezone

from chatsite.config.limits import limits
from conversations import access
from conversations.access import UserId
from conversations.models import Conversation, Side
from conversations.own_objects import counted_differently, marked_counts
from conversations.serializers import UnreadAnswer


def count_unread(user_id: UserId, actor: access.Actor | None = None) -> UnreadAnswer:
    """Count the messages that the user has not read, in total and by conversation.

    Uses partial indexes. The list has at most `unread_conversations` entries, the most recently active ones. Muted
    conversations are counted apart. `actor` is the user, if loaded.
    """
    actor = actor or access.load_actor(user_id)
    mine = actor.businesses
    most = limits().unread_conversations
    scopes = {
        "customer_unread": Q(customer_id=user_id, customer_unread__gt=0),
        "business_unread": Q(business_id__in=mine, business_unread__gt=0),
    }
    total, found = 0, []
    for column, scope in scopes.items():
        rows = Conversation.objects.filter(scope).order_by("-active_at")
        counts = list(rows.values_list("active_at", "pk", column)[: most + 1])
        found += counts
        if len(counts) > most:
            total += rows.aggregate(total=Sum(column))["total"] or 0
        else:
            total += sum(count for _, _, count in counts)
    found.sort(reverse=True)
    listed = {key: count for _, key, count in found[:most]}
    answer = UnreadAnswer(total=total, conversations=listed, more=len(found) > most, muted_until={})
    _count_own_state(answer, actor)
    return answer


def _count_own_state(answer: UnreadAnswer, actor: access.Actor) -> None:
    """Add the messages that the user has marked, and take what is muted out of the total."""
    rows = {row.conversation_id: row for row in counted_differently(actor.user_id)}
    if not rows:
        return
    marked, now = marked_counts(rows.values()), timezone.now()
    for conversation in Conversation.objects.filter(pk__in=list(rows)):
        side, row = actor.side_in(conversation), rows[conversation.pk]
        if side is None:
            continue
        again = marked.get(row.pk, 0)
        count = again + (
            conversation.customer_unread if side == Side.CUSTOMER else conversation.business_unread
        )
        answer.total += again
        if again:
            answer.conversations[conversation.pk] = count
        if row.muted_until is not None and row.muted_until > now:
            answer.total -= count
            answer.muted += count
            if len(answer.muted_until) < limits().unread_conversations:
                answer.muted_until[conversation.pk] = row.muted_until
