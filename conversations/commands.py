"""The commands of a live session, the same on native WebSocket and Socket.IO. Each calls one operation or query."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from django.conf import settings

from chatsite.errors import DomainError
from chatsite.realtime import groups
from chatsite.realtime.database import in_database_thread
from chatsite.realtime.registry import command, pipelined_command
from chatsite.realtime.session import Session
from conversations import access, events, operations, queries, typing
from conversations.access import object_key, user_key
from conversations.batch import Receipted, Sent
from conversations.models import Side
from conversations.serializers import (
    ConversationCommand,
    DeleteCommand,
    DeliveredAnswer,
    EditCommand,
    Head,
    MessageObject,
    ReadAnswer,
    ReceiptCommand,
    SendCommand,
)
from conversations.writer import writer_of


def _joined(session: Session) -> dict[UUID, None]:
    joined: dict[UUID, None] = session.state.setdefault("joined", {})
    return joined


@command("join_conversation", ConversationCommand)
async def join_conversation(session: Session, data: ConversationCommand) -> dict[str, Any]:
    """Subscribe first and read the head then: whatever happens after the head that is answered comes as an event."""
    key = object_key(data.conversation_id, "conversation")
    joined = _joined(session)
    if key not in joined:
        if len(joined) >= settings.CHAT.joined_conversations:
            limit = settings.CHAT.joined_conversations
            raise DomainError("too_large", f"At most {limit} joined conversations.", {"limit": limit})
        conversation, side = await in_database_thread(
            access.find_conversation, user_key(session.user_id), key
        )
        if side == Side.BUSINESS:
            # The membership may have begun after this socket opened; its end must close the socket all the same.
            session.state.setdefault("speaks_for", set()).add(conversation.business_id)
        await session.subscribe(groups.conversation(key))
        joined[key] = None
    head = (await in_database_thread(queries.heads, [key])).get(key, Head(last_seq=0, rev=0))
    session.runtime.hub.start_after(groups.conversation(key), head.rev)
    answer = {"conversationId": key, "lastSeq": head.last_seq, "rev": head.rev}
    session.send("joined_conversation", answer)
    return answer


@command("leave_conversation", ConversationCommand)
async def leave_conversation(session: Session, data: ConversationCommand) -> dict[str, Any]:
    key = object_key(data.conversation_id, "conversation")
    if key in _joined(session):
        typing.stop_typing(session, key)
        del _joined(session)[key]
        session.unsubscribe(groups.conversation(key))
    return {"conversationId": key}


@pipelined_command("send_message", SendCommand)
def send_message(session: Session, data: SendCommand) -> asyncio.Future[Any]:
    send = operations.new_send(
        sender_id=user_key(session.user_id),
        conversation_id=data.conversation_id,
        content=data.content,
        message_type=data.message_type,
        client_id=data.client_id,
        reply_to=data.reply_to,
    )
    typing.stop_typing(session, send.conversation_id)

    def answer(sent: Sent) -> bytes:
        return sent.payload

    return writer_of(session.runtime).submit(send, answer)


@pipelined_command("mark_read", ReceiptCommand)
def mark_read(session: Session, data: ReceiptCommand) -> asyncio.Future[Any]:
    def answer(done: Receipted) -> ReadAnswer:
        ids = [stamp.message_id for stamp in done.stamps]
        return ReadAnswer(
            conversation_id=receipt.conversation_id, message_ids=ids, unread_count=done.unread_count
        )

    receipt = operations.new_receipt(
        user_id=user_key(session.user_id),
        conversation_id=data.conversation_id,
        status="read",
        message_ids=data.message_ids,
    )
    return writer_of(session.runtime).submit(receipt, answer)


@pipelined_command("mark_delivered", ReceiptCommand)
def mark_delivered(session: Session, data: ReceiptCommand) -> asyncio.Future[Any]:
    def answer(done: Receipted) -> DeliveredAnswer:
        ids = [stamp.message_id for stamp in done.stamps]
        return DeliveredAnswer(conversation_id=receipt.conversation_id, message_ids=ids)

    receipt = operations.new_receipt(
        user_id=user_key(session.user_id),
        conversation_id=data.conversation_id,
        status="delivered",
        message_ids=data.message_ids,
    )
    return writer_of(session.runtime).submit(receipt, answer)


@command("typing_start", ConversationCommand)
async def typing_start(session: Session, data: ConversationCommand) -> dict[str, Any]:
    key = await _accessible(session, data.conversation_id)
    typing.start_typing(session, key)
    return {"conversationId": key, "isTyping": True}


@command("typing_stop", ConversationCommand)
async def typing_stop(session: Session, data: ConversationCommand) -> dict[str, Any]:
    key = await _accessible(session, data.conversation_id)
    typing.stop_typing(session, key)
    return {"conversationId": key, "isTyping": False}


async def _accessible(session: Session, raw_id: str) -> UUID:
    """A joined conversation has been checked, and leaving a business closes the socket."""
    key = object_key(raw_id, "conversation")
    if key not in _joined(session):
        await in_database_thread(access.find_conversation, user_key(session.user_id), key)
    return key


@command("edit_message", EditCommand)
async def edit_message(session: Session, data: EditCommand) -> bytes:
    def change() -> MessageObject:
        return operations.edit_message(
            user_id=user_key(session.user_id), message_id=data.message_id, content=data.content
        )

    return events.message_payload(await in_database_thread(change))


@command("delete_message", DeleteCommand)
async def delete_message(session: Session, data: DeleteCommand) -> bytes:
    def change() -> MessageObject:
        return operations.delete_message(user_id=user_key(session.user_id), message_id=data.message_id)

    return events.message_payload(await in_database_thread(change))
