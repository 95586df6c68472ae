"""Writes a batch of messages and receipts in one `ConversationChange`.

`write` is behind every way to send: a message over REST is a batch of one, and the group commit of live sockets passes
whatever has queued up while the batch before was being committed.
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
from conversations.writing.requests import Outcome, Receipt, Request, Send, Sent
from conversations.writing.sends import apply_send


def write(requests: Sequence[Request]) -> list[Outcome]:
    """Apply the requests in one transaction; the outcomes stand in their order.

    A request that is refused has a `DomainError` as its outcome and does not touch the others. A database error is
    raised: then nothing was written, or nobody knows whether all of it was.
    """
    with change_conversations({request.conversation_id for request in requests}, pipeline=True) as change:
        lookups = request_lookups(requests)()
        sends = {n: _apply(change, lookups, r) for n, r in enumerate(requests) if isinstance(r, Send)}
        receipts = {n: _apply(change, lookups, r) for n, r in enumerate(requests) if isinstance(r, Receipt)}
        repeated = sum(isinstance(sent, Sent) and not sent.created for sent in sends.values())
        transaction.on_commit(partial(measures.repeats.add, repeated))
    outcomes = sends | receipts
    return [outcomes[number] for number in range(len(requests))]


def _apply(change: ConversationChange, lookups: Lookups, request: Request) -> Outcome:
    try:
        if isinstance(request, Send):
            return apply_send(change, lookups, request)
        return apply_receipt(change, lookups, request)
    except DomainError as refusal:
        return refusal
