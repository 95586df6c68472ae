"""The commands of a live session, the same on native WebSocket and Socket.IO. Each calls one operation or query."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from django.conf import settings

from chatsite.database.threads import in_database_thread
from chatsite.errors import DomainError, invalid
from chatsite.realtime import groups
from chatsite.realtime.interfaces import Session
from chatsite.realtime.registry import command, pipelined_command
from conversations import access, agent_activity, events, live, operations, queries, typing, validation
from conversations.access import object_key, user_key
from conversations.block_rules import is_blocked
from conversations.models import Side
from conversations.payloads import (
    DeliveredAnswer,
    JoinedEvent,
    LeftAnswer,
    LookAnswer,
    MessageEvent,
    ReactionsEvent,
    ReadAnswer,
    TypingAnswer,
)
from conversations.reactions import operations as reactions
from conversations.requests import (
    ConversationCommand,
    DeleteCommand,
    EditCommand,
    LookCommand,
    ReactionCommand,
    ReadCommand,
    ReceiptCommand,
    SendCommand,
)
from conversations.session_state import state_of
from conversations.writing.group_commit import writer_of
from conversations.writing.requests import Receipted, Sent


def receipt_cost(data: ReceiptCommand | ReadCommand) -> float:
    """Charge for each id, because each is looked up."""
    return 0.5 + len(data.message_ids or ()) / 100


@command("join_conversation", ConversationCommand, answer=JoinedEvent, cost=0.5, scope="messages:read")
async def join_conversation(session: Session, data: ConversationCommand) -> JoinedEvent:
    """Join a conversation. Everything that happens after the `rev` of the answer comes as an event."""
    key = object_key(data.conversation_id, "conversation")
    joined = state_of(session).joined
    if key not in joined:
        if len(joined) >= settings.CHAT.joined_conversations:
            limit = settings.CHAT.joined_conversations
            raise DomainError("too_large", f"You can join at most {limit} conversations.", {"limit": limit})
        asked = (user_key(session.user_id), key)
        conversation, side = await session.runtime.ask(access.sides_in, asked)
        if side == Side.BUSINESS:
            # The membership may have begun after this socket opened, and its end must close the socket.
            live.add_business(session, conversation.business_id)
        if is_blocked(conversation, asked[0]):
            state_of(session).silenced |= {key}
        await session.subscribe(groups.conversation(key))
        joined[key] = None
    # The revision is read after the subscription, so that no event is missed between the two.
    revision = await session.runtime.ask(queries.latest_revision_of_each, key)
    session.runtime.hub.start_after(groups.conversation(key), revision.rev)
    answer = JoinedEvent(conversation_id=key, last_seq=revision.last_seq, rev=revision.rev)
    session.send("joined_conversation", answer)
    return answer


@command("leave_conversation", ConversationCommand, answer=LeftAnswer, cost=0.5, scope="")
async def leave_conversation(session: Session, data: ConversationCommand) -> LeftAnswer:
    """Leave a conversation: stop receiving its events. `conversation_updated` still comes."""
    key = object_key(data.conversation_id, "conversation")
    if key in state_of(session).joined:
        typing.stop_typing(session, key)
        del state_of(session).joined[key]
        state_of(session).silenced -= {key}
        session.unsubscribe(groups.conversation(key))
    return LeftAnswer(conversation_id=key)


@pipelined_command("send_message", SendCommand, answer=MessageEvent, scope="messages:write")
def send_message(session: Session, data: SendCommand) -> asyncio.Future[Any]:
    """Send a message. The ack comes after the commit. With a `clientId`, a retry stores no second message."""
    sender_id = user_key(session.user_id)
    send = validation.new_send(sender_id=sender_id, conversation_id=data.conversation_id, body=data)
    typing.stop_typing(session, send.conversation_id)

    def answer(sent: Sent) -> bytes:
        return sent.payload

    return writer_of(session.runtime).submit(send, answer)


@pipelined_command("mark_read", ReadCommand, answer=ReadAnswer, cost=receipt_cost, scope="messages:write")
def mark_read(session: Session, data: ReadCommand) -> asyncio.Future[Any]:
    """Mark messages of the other side as read: those in `messageIds`, or all up to `seq`."""
    if (data.message_ids is None) == (data.seq is None):
        raise invalid("Set either messageIds or seq.", field="messageIds")

    def answer(done: Receipted) -> ReadAnswer:
        ids = [stamp.id for stamp in done.stamps]
        return ReadAnswer(
            conversation_id=receipt.conversation_id, message_ids=ids, unread_count=done.unread_count
        )

    receipt = validation.new_receipt(
        user_id=user_key(session.user_id),
        conversation_id=data.conversation_id,
        status="read",
        message_ids=data.message_ids,
        up_to_seq=data.seq,
    )
    return writer_of(session.runtime).submit(receipt, answer)


@pipelined_command(
    "mark_delivered", ReceiptCommand, answer=DeliveredAnswer, cost=receipt_cost, scope="messages:write"
)
def mark_delivered(session: Session, data: ReceiptCommand) -> asyncio.Future[Any]:
    """Mark messages of the other side as delivered to the device."""

    def answer(done: Receipted) -> DeliveredAnswer:
        ids = [stamp.id for stamp in done.stamps]
        return DeliveredAnswer(conversation_id=receipt.conversation_id, message_ids=ids)

    receipt = validation.new_receipt(
        user_id=user_key(session.user_id),
        conversation_id=data.conversation_id,
        status="delivered",
        message_ids=data.message_ids,
    )
    return writer_of(session.runtime).submit(receipt, answer)


@command("typing_start", ConversationCommand, answer=TypingAnswer, cost=0.5, scope="messages:write")
async def typing_start(session: Session, data: ConversationCommand) -> TypingAnswer:
    """Show that the user is typing. It ends by itself after a few seconds."""
    key = await _accessible(session, data.conversation_id)
    typing.start_typing(session, key)
    return TypingAnswer(conversation_id=key, is_typing=True)


@command("typing_stop", ConversationCommand, answer=TypingAnswer, cost=0.5, scope="messages:write")
async def typing_stop(session: Session, data: ConversationCommand) -> TypingAnswer:
    """Show that the user has stopped typing."""
    key = await _accessible(session, data.conversation_id)
    typing.stop_typing(session, key)
    return TypingAnswer(conversation_id=key, is_typing=False)


@command("look", LookCommand, answer=LookAnswer, cost=0.5)
async def look(session: Session, data: LookCommand) -> LookAnswer:
    """Show colleagues which conversation a member of a business is viewing."""
    return await agent_activity.set_view(session, data)


async def _accessible(session: Session, raw_id: str) -> UUID:
    """Return the key of a conversation that the user takes part in. A joined conversation has been checked before."""
    key = object_key(raw_id, "conversation")
    if key not in state_of(session).joined:
        user_id, state = user_key(session.user_id), state_of(session)
        conversation, _ = await session.runtime.ask(access.sides_in, (user_id, key))
        own = {key}
        state.silenced = state.silenced | own if is_blocked(conversation, user_id) else state.silenced - own
    return key


@command("edit_message", EditCommand, answer=MessageEvent, scope="messages:write")
async def edit_message(session: Session, data: EditCommand) -> bytes:
    """Edit one's own message. The earlier version is kept."""
    user = user_key(session.user_id)
    message = await in_database_thread(
        operations.edit_message, user_id=user, message_id=data.message_id, content=data.content
    )
    return events.message_payload(message)


@command("delete_message", DeleteCommand, answer=MessageEvent, scope="messages:write")
async def delete_message(session: Session, data: DeleteCommand) -> bytes:
    """Delete one's own message. It keeps its place and loses its content."""
    user = user_key(session.user_id)
    message = await in_database_thread(operations.delete_message, user_id=user, message_id=data.message_id)
    return events.message_payload(message)


@command("add_reaction", ReactionCommand, answer=ReactionsEvent, scope="messages:write")
async def add_reaction(session: Session, data: ReactionCommand) -> ReactionsEvent:
    """Add an emoji to a message. Adding the same one again changes nothing."""
    user = user_key(session.user_id)
    message = await in_database_thread(
        reactions.add_reaction, user_id=user, message_id=data.message_id, emoji=data.emoji
    )
    return events.reactions_of(message)


@command("remove_reaction", ReactionCommand, answer=ReactionsEvent, scope="messages:write")
async def remove_reaction(session: Session, data: ReactionCommand) -> ReactionsEvent:
    """Remove one's emoji from a message."""
    user = user_key(session.user_id)
    message = await in_database_thread(
        reactions.remove_reaction, user_id=user, message_id=data.message_id, emoji=data.emoji
    )
    return events.reactions_of(message)
