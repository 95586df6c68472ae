"""A user's private settings and blocks, and the search. Nobody else is notified of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from types import NoneType
from typing import Literal

from business_chat_client.objects import ConversationDetails, Message
from business_chat_client.pushes import Page
from business_chat_client.rest import Rest
from business_chat_client.wire_object import WireObject


class Block(WireObject, frozen=True, kw_only=True):
    """A block by the user. `for_business_id`: a business of the user for which it holds."""

    kind: Literal["user", "business"]
    user_id: str | None
    business_id: str | None
    name: str
    for_business_id: str | None = None
    created_at: datetime


class FoundMessage(WireObject, frozen=True, kw_only=True):
    """A message that a search found. `highlights` are pairs of start and end in its content."""

    message: Message
    conversation: ConversationDetails
    highlights: tuple[tuple[int, int], ...] = ()


class PersonalCommands:
    """Base of `ChatClient`."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def mute(self, conversation_id: str, until: datetime | None) -> ConversationDetails:
        """Mute the conversation until this time, or unmute it (None)."""
        text = None if until is None else until.isoformat()
        return await self._arrange(conversation_id, mutedUntil=text)

    async def pin(self, conversation_id: str, *, pinned: bool = True) -> ConversationDetails:
        return await self._arrange(conversation_id, pinned=pinned)

    async def archive(self, conversation_id: str, *, archived: bool = True) -> ConversationDetails:
        """Archive the conversation for the user's side. The next message restores it."""
        return await self._arrange(conversation_id, archived=archived)

    async def mark_unread(self, conversation_id: str, seq: int) -> ConversationDetails:
        """Count the messages of the other side from `seq` on as unread again, until the next read."""
        path = f"/chat/conversations/{conversation_id}/unread"
        return await self._rest.call(ConversationDetails, "PATCH", path, {"seq": seq})

    async def block_user(self, user_id: str) -> Block:
        """Block a member of a business as its customer, or a customer as a member."""
        return await self._rest.call(Block, "PUT", f"/chat/blocks/{user_id}")

    async def unblock_user(self, user_id: str) -> None:
        await self._rest.call(NoneType, "DELETE", f"/chat/blocks/{user_id}")

    async def block_business(self, business_id: str) -> Block:
        return await self._rest.call(Block, "PUT", f"/chat/blocks/businesses/{business_id}")

    async def unblock_business(self, business_id: str) -> None:
        await self._rest.call(NoneType, "DELETE", f"/chat/blocks/businesses/{business_id}")

    def blocks(self) -> AsyncIterator[Block]:
        """Yield the blocks that the user may remove: the user's own, and those of the user's businesses."""
        return self._rest.rows(Page[Block], "/chat/blocks")

    def search(
        self,
        query: str = "",
        *,
        conversation_id: str | None = None,
        business_id: str | None = None,
        sender_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        has: str | None = None,
    ) -> AsyncIterator[FoundMessage]:
        """Yield the messages that contain the words, newest first. `has` is `attachment` or `link`."""
        times = {"from": since, "to": until}
        return self._rest.rows(
            Page[FoundMessage],
            "/chat/search",
            q=query,
            conversationId=conversation_id,
            businessId=business_id,
            senderId=sender_id,
            has=has,
            **{name: moment.isoformat() for name, moment in times.items() if moment is not None},
        )

    async def _arrange(self, conversation_id: str, **change: bool | str | None) -> ConversationDetails:
        path = f"/chat/conversations/{conversation_id}"
        return await self._rest.call(ConversationDetails, "PATCH", path, change)
