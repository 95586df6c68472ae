"""The rows that a batch reads before it writes, besides the conversations. Each kind of row takes one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from conversations.access import Actor, UserId, ask_actors
from conversations.models import Attachment
from conversations.serializers import MessageObject
from conversations.writing import message_sql
from conversations.writing.attachment_claims import ask_attachments
from conversations.writing.requests import Receipt, Request, Send
from conversations.writing.storage_use import Use, ask_use


@dataclass(slots=True)
class Lookups:
    """`stored` has the messages with known client ids. `places` has the messages that are replied to."""

    actors: dict[UserId, Actor]
    stored: dict[message_sql.ClientKey, MessageObject]
    places: set[tuple[UUID, UUID]]  # conversation and message
    unread: message_sql.UnreadMessages
    attachments: dict[UUID, Attachment]  # locked
    uses: dict[UUID, Use]  # by business, where a send has attachments


def request_lookups(requests: Sequence[Request]) -> Callable[[], Lookups]:
    """Send the statements. Call the result to read the rows. The caller must lock the conversations first."""
    sends = [request for request in requests if isinstance(request, Send)]
    receipts = [request for request in requests if isinstance(request, Receipt)]
    actors = ask_actors({request.author_id for request in requests} - {None})
    stored = message_sql.ask_sent([key for send in sends if (key := send.client_key) is not None])
    places = message_sql.ask_places([send.reply_to for send in sends if send.reply_to is not None])
    unread = message_sql.ask_unread(
        {message_id for receipt in receipts for message_id in receipt.message_ids or ()},
        {receipt.conversation_id for receipt in receipts if receipt.message_ids is None},
    )
    attachments = ask_attachments({key for send in sends for key in send.attachment_ids})
    uses = ask_use({send.conversation_id for send in sends if send.attachment_ids})
    return lambda: Lookups(actors(), stored(), places(), unread(), attachments(), uses())
