"""Fetches a conversation and its messages over REST."""

from __future__ import annotations

from typing import Final

from business_chat_client.objects import ConversationDetails, Message
from business_chat_client.pushes import Page
from business_chat_client.rest import Rest

PAGE: Final = 200  # the most messages of one REST page


class ConversationPages:
    """The REST pages of one conversation."""

    def __init__(self, rest: Rest, conversation_id: str) -> None:
        self._rest = rest
        self._path = f"/chat/conversations/{conversation_id}"

    async def details(self) -> ConversationDetails:
        return await self._rest.call(ConversationDetails, "GET", self._path)

    async def messages(self, *, down_to: int, most: int | None) -> list[Message]:
        """Fetch the newest messages, in ascending `seq`: at most `most`, and no page below `down_to`."""
        messages: list[Message] = []
        before: int | None = None
        while most is None or len(messages) < most:
            limit = PAGE if most is None else min(PAGE, most - len(messages))
            page = await self.page(before=before, limit=limit)
            messages[:0] = page.results
            if page.next is None or not page.results or page.results[0].seq <= down_to:
                break
            before = page.results[0].seq
        return messages

    async def page(self, *, before: int | None, limit: int) -> Page[Message]:
        path = f"{self._path}/messages"
        return await self._rest.call(Page[Message], "GET", path, before=before, limit=limit)
