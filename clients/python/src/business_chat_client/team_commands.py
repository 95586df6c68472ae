"""The commands of members of a business and of its bots. The customer sees none of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from business_chat_client.conversation_host import ConversationHost
from business_chat_client.decoding import decode
from business_chat_client.wire_object import WireObject


class TeamState(WireObject, frozen=True, kw_only=True):
    """The team's state of a conversation. `handed_over_at` is set while it waits for a person."""

    conversation_id: str
    team_rev: int
    status: str
    assignee_id: str | None
    handed_over_at: datetime | None = None


class TeamCommands:
    """Base of `Conversation`."""

    id: str
    _client: ConversationHost[Any]

    async def team_state(self) -> TeamState:
        """Return who is in charge of the conversation. For members of its business."""
        path = f"/chat/conversations/{self.id}/team"
        return await self._client._rest.call(TeamState, "GET", path)

    async def hand_over(self) -> TeamState:
        """Make the conversation wait for a person of the team, as a bot of the business."""
        return decode(await self._client._request("hand_over", {"conversationId": self.id}), TeamState)
