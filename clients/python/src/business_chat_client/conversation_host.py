"""The part of `ChatClient` that its conversations use. It breaks the circle between the two modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from business_chat_client.errors import ChatError
from business_chat_client.pushes import SyncedConversation
from business_chat_client.rest import Rest

ConversationT_contra = TypeVar("ConversationT_contra", contravariant=True)


class ConversationHost(Protocol[ConversationT_contra]):
    _rest: Rest

    async def _request(self, event: str, data: Mapping[str, Any]) -> msgspec.Raw: ...

    async def _sync(self, known: Mapping[str, int]) -> dict[str, SyncedConversation]: ...

    async def _leave(self, conversation: ConversationT_contra) -> None: ...

    def _forget(self, conversation: ConversationT_contra, error: ChatError | None) -> None: ...
