"""The commands on the messages of a conversation: send, edit, delete, react, mark as read."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Final
from uuid import uuid4

import msgspec

from business_chat_client.conversation_host import ConversationHost
from business_chat_client.decoding import decode
from business_chat_client.objects import Attachment, ConversationDetails, Message, Reaction
from business_chat_client.pushes import MessagePush, ReactionPush, ReadAnswer

RECEIPT_IDS: Final = 500  # message ids of one receipt


class MessageCommands(ABC):
    """Base of `Conversation`. Each command waits for a connection, and is repeated until it is answered."""

    id: str
    _client: ConversationHost[Any]
    _sending: asyncio.Lock

    @property
    @abstractmethod
    def details(self) -> ConversationDetails: ...

    @abstractmethod
    def _note_rev(self, rev: int) -> None: ...

    async def send(
        self,
        content: str = "",
        *,
        attachments: Iterable[Attachment | str] = (),
        message_type: str | None = None,
        reply_to: str | None = None,
        client_id: str | None = None,
    ) -> Message:
        """Send a message. Return it once it is committed. `attachments` are from `ChatClient.upload`, at most ten.

        Messages are stored in the order of the calls, each once.

        Raises `ChatError` for a final refusal. If a caller cancels a send, only another send with the same `client_id`
        (which is random unless given) shows whether it was stored.
        """
        data: dict[str, Any] = {
            "conversationId": self.id,
            "content": content,
            "clientId": client_id or uuid4().hex,
        }
        if ids := [one if isinstance(one, str) else one.id for one in attachments]:
            data["attachmentIds"] = ids
        if message_type is not None:
            data["messageType"] = message_type
        if reply_to is not None:
            data["replyTo"] = reply_to
        async with self._sending:
            return await self._change("send_message", data)

    async def edit(self, message: Message | str, content: str) -> Message:
        """Edit one's own message. Raises `forbidden` for a message of another user."""
        return await self._change("edit_message", {"messageId": _id_of(message), "content": content})

    async def delete(self, message: Message | str) -> Message:
        """Delete one's own message. Raises `forbidden` for a message of another user."""
        return await self._change("delete_message", {"messageId": _id_of(message)})

    async def add_reaction(self, message: Message | str, emoji: str) -> tuple[Reaction, ...]:
        """Add an emoji to a message. Return all reactions. Adding the same emoji again changes nothing."""
        return await self._react("add_reaction", message, emoji)

    async def remove_reaction(self, message: Message | str, emoji: str) -> tuple[Reaction, ...]:
        """Remove one's own emoji from a message. Return the remaining reactions."""
        return await self._react("remove_reaction", message, emoji)

    async def _react(self, command: str, message: Message | str, emoji: str) -> tuple[Reaction, ...]:
        answer = await self._client._request(command, {"messageId": _id_of(message), "emoji": emoji})
        push = msgspec.json.decode(answer, type=ReactionPush)
        self._note_rev(push.rev)
        return push.reactions

    async def mark_read(self, messages: Iterable[Message | str] | None = None) -> int:
        """Mark these messages of the other side as read, or all without ids. Return the side's new unread count."""
        if messages is None:
            path = f"/chat/conversations/{self.id}/read"
            return (await self._client._rest.call(ReadAnswer, "PATCH", path)).unread_count
        ids = [_id_of(message) for message in messages]
        unread = self.details.unread_count
        for start in range(0, len(ids), RECEIPT_IDS):
            data = {"conversationId": self.id, "messageIds": ids[start : start + RECEIPT_IDS]}
            answer = await self._client._request("mark_read", data)
            unread = msgspec.json.decode(answer, type=ReadAnswer).unread_count
        return unread

    async def _change(self, event: str, data: dict[str, str]) -> Message:
        """Use only the `rev` of the ack. The ack cannot replace the event of that `rev`: for a repeated
        command it shows the message as it is now, and that `rev` may have changed other messages too."""
        push = decode(await self._client._request(event, data), MessagePush)
        self._note_rev(push.rev)
        return push.message


def _id_of(message: Message | str) -> str:
    return message if isinstance(message, str) else message.id
