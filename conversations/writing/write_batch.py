"""Write a batch of messages and receipts in one `ConversationChange`.

Every send uses `write`. A message over REST is a batch of one. The group commit of live sockets passes everything that
has queued while the previous batch was committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from chatsite.errors import DomainError
from chatsite.observability.metrics import measures
from conversations.writing.batch_lookups import Lookups, request_lookups
from conversations.writing.conversation_change import ConversationChange, change_conversations
from conversations.writing.receipts import apply_receipt
from conversations.writing.requests import Outcome, Request, Send, Sent
from conversations.writing.sends import apply_send


def write(requests: Sequence[Request]) -> list[Outcome]:
    """Apply the requests in one transaction and in their order, which is that of each socket. Return their outcomes.

    The outcome of a refused request is a `DomainError`; the other requests are written. An error of the database is
    raised. Then nothing was written, or it is unknown whether everything was.
    """
    with change_conversations({request.conversation_id for request in requests}) as change:
        lookups = request_lookups(requests)()
        outcomes = [_apply(change, lookups, request) for request in requests]
        repeated = sum(isinstance(outcome, Sent) and not outcome.created for outcome in outcomes)
        transaction.on_commit(partial(measures.repeats.add, repeated))
    return outcomes


def _apply(change: ConversationChange, lookups: Lookups, request: Request) -> Outcome:
    try:
        if isinstance(request, Send):
            return apply_send(change, lookups, request)
        return apply_receipt(change, lookups, request)
    except DomainError as refusal:
        return refusal
