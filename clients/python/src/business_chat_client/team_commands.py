"""What members of a business, and its bots, do with a conversation as a team. The customer sees none of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from business_chat_client.decoding import decode
from business_chat_client.wire_object import WireObject

if TYPE_CHECKING:
    from business_chat_client.client import ChatClient


class TeamState(WireObject, frozen=True, kw_only=True):
    """What the team has set for a conversation. `handed_over_at` is set while it waits for a person."""

    conversation_id: str
    team_rev: int
    status: str
    assignee_id: str | None
    handed_over_at: datetime | None = None


class TeamCommands:
    """Base of `Conversation`."""

    id: str
    _client: ChatClient

    async def team_state(self) -> TeamState:
        """Return who is in charge of the conversation. For members of its business."""
        path = f"/chat/conversations/{self.id}/team"
        return await self._client._rest.call(TeamState, "GET", path)

    async def hand_over(self) -> TeamState:
        """Make the conversation wait for a person of the team, as a bot of the business."""
        return decode(await self._client._request("hand_over", {"conversationId": self.id}), TeamState)
