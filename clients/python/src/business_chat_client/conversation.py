"""A joined conversation: its state, its events, and its operations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from business_chat_client.conversation_host import ConversationHost
from business_chat_client.errors import ChatError
from business_chat_client.events import ConversationEvent, MessageArrived, TypingChanged
from business_chat_client.message_commands import MessageCommands
from business_chat_client.objects import ConversationDetails, Message
from business_chat_client.pages import ConversationPages
from business_chat_client.pushes import SyncedConversation, TypingPush
from business_chat_client.streams import Broadcaster, EventStream
from business_chat_client.team_commands import TeamCommands
from business_chat_client.timeline import Push, Timeline

logger = logging.getLogger(__name__)

NOT_VISIBLE: Final = ChatError("not_found", "The user can no longer see the conversation.")
REORDER_DELAY: Final = 0.2  # seconds to wait for a missing push before a sync


class Conversation(MessageCommands, TeamCommands):
    """`ChatClient.join` creates it. Its state follows the server, also after lost connections."""

    def __init__(
        self, client: ConversationHost[Conversation], conversation_id: str, history: int | None
    ) -> None:
        self.id = conversation_id
        self._client = client
        self._history = history
        self._pages = ConversationPages(client._rest, conversation_id)
        self._timeline = Timeline()
        self._broadcaster: Broadcaster[ConversationEvent] = Broadcaster()
        self._typing_ids: set[str] = set()
        self._joining = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._catching_up = asyncio.Lock()
        self._repair: asyncio.Task[None] | None = None

    @property
    def details(self) -> ConversationDetails:
        """The conversation's details: preview, counts, archived, frozen."""
        assert self._timeline.details is not None, "join answers after the first fetch"
        return self._timeline.details

    @property
    def messages(self) -> Sequence[Message]:
        """The loaded messages in the order of `seq`, without gaps, up to the newest. A copy."""
        return tuple(self._timeline.messages)

    @property
    def rev(self) -> int:
        """The `rev` up to which the state has every change."""
        return self._timeline.rev

    @property
    def typing(self) -> frozenset[str]:
        """The ids of the other users who are typing now."""
        return frozenset(self._typing_ids)

    @property
    def has_all_history(self) -> bool:
        return self._timeline.first_seq <= 1

    def find(self, message_id: str) -> Message | None:
        """Return the current state of a loaded message, or None."""
        return self._timeline.find(message_id)

    def events(self) -> EventStream[ConversationEvent]:
        """Return a stream of future events in order, each once, including those missed during an outage."""
        return self._broadcaster.open()

    # Other operations

    async def start_typing(self) -> None:
        """Show that the user is typing, for six seconds or until a message or `stop_typing`. Repeat it to continue."""
        await self._client._request("typing_start", {"conversationId": self.id})

    async def stop_typing(self) -> None:
        await self._client._request("typing_stop", {"conversationId": self.id})

    async def load_older(self, limit: int = 50) -> list[Message]:
        """Load up to `limit` messages (1 to 200) before the first loaded one. Return them; empty at the beginning."""
        async with self._catching_up:
            since = self._timeline.rev
            page = await self._pages.page(before=self._timeline.first_seq, limit=limit)
            added = self._timeline.prepend(page.results)
            if added and self._timeline.rev != since:
                # Events during the fetch may have missed messages of this page, so fetch their changes again.
                await self._sync_since(since)
        return [self._timeline.find(message.id) or message for message in added]

    async def catch_up(self) -> None:
        """Sync now. Afterwards the state has everything that was committed before the call."""
        async with self._catching_up:
            await self._sync_since(self._timeline.rev)

    async def leave(self) -> None:
        """Leave the conversation. Its streams end, and the server sends no more events of it."""
        await self._client._leave(self)

    # Called by the client

    @property
    def is_loaded(self) -> bool:
        return self._timeline.details is not None

    def _take(self, push: Push) -> None:
        self._emit(self._timeline.take(push))

    def _take_details(self, details: ConversationDetails) -> None:
        self._emit(self._timeline.take_details(details))

    def _take_typing(self, push: TypingPush) -> None:
        if push.is_typing != (push.user_id in self._typing_ids):
            (self._typing_ids.add if push.is_typing else self._typing_ids.discard)(push.user_id)
            self._broadcaster.put([TypingChanged(push.user_id, push.is_typing)])

    def _note_rev(self, rev: int) -> None:
        """Note the conversation's latest `rev` from the server. Sync if the missing changes do not arrive."""
        self._timeline.note_rev(rev)
        if self._timeline.is_behind and self._repair is None and self._timeline.details is not None:
            self._repair = asyncio.create_task(self._repair_soon())

    def _verify_membership(self) -> None:
        """Sync, because a heartbeat shows that the conversation is gone, was restored, or was changed elsewhere."""
        if self._repair is None and self._timeline.details is not None:
            self._repair = asyncio.create_task(self._catch_up_quietly())

    def _knows_own(self, state_rev: int | None) -> bool:
        return state_rev is None or state_rev <= self._timeline.state_rev

    def _connection_lost(self) -> None:
        """Clear the typing users, because no event would end their typing."""
        for user_id in sorted(self._typing_ids):
            self._take_typing(TypingPush(conversation_id=self.id, user_id=user_id, is_typing=False))

    def _resumed(self, synced: SyncedConversation | None) -> None:
        """Apply the sync of a new connection. Do not wait here for anything that waits for the connection."""
        if synced is None:
            self._client._forget(self, NOT_VISIBLE)
        elif synced.resync:
            self._timeline.has_gap = True
            self._note_rev(0)
        else:
            self._emit(self._timeline.merge(synced.conversation, synced.messages))

    def _end(self, error: ChatError | None = None) -> None:
        self._broadcaster.end(error)
        if self._repair is not None:
            self._repair.cancel()

    def _emit(self, events: list[ConversationEvent]) -> None:
        for event in events:
            if isinstance(event, MessageArrived) and event.message.sender_id in self._typing_ids:
                self._typing_ids.discard(event.message.sender_id)
                self._broadcaster.put([TypingChanged(event.message.sender_id, False)])
        self._broadcaster.put(events)
        self._note_rev(0)

    # Fetching

    async def _load(self) -> None:
        async with self._catching_up:
            details = await self._pages.details()
            messages = await self._pages.messages(down_to=1, most=self._history)
            self._emit(self._timeline.begin(details, messages))
            await self._sync_since(details.rev)  # the connection may be another one than at the start

    async def _sync_since(self, rev: int) -> None:
        answer = await self._client._sync({self.id: rev})
        await self._apply(answer.get(self.id))

    async def _apply(self, synced: SyncedConversation | None) -> None:
        if synced is None:
            self._client._forget(self, NOT_VISIBLE)
            raise NOT_VISIBLE
        if synced.resync or self._timeline.has_gap:
            since = self._timeline.rev  # later pushes may be applied before the pages arrive
            details = await self._pages.details()
            messages = await self._pages.messages(down_to=self._timeline.first_seq, most=None)
            self._emit(self._timeline.replace(details, messages, since=since))
        else:
            self._emit(self._timeline.merge(synced.conversation, synced.messages))

    async def _repair_soon(self) -> None:
        """Sync if a change is still missing although later ones have arrived."""
        try:
            while self._timeline.is_behind:
                due = self._timeline.seen
                await asyncio.sleep(REORDER_DELAY)
                if self._timeline.has_gap or not self._timeline.has(due):
                    await self.catch_up()
        except ChatError as error:
            logger.info("conversation %s could not be synchronised; trying again later: %s", self.id, error)
        finally:
            self._repair = None

    async def _catch_up_quietly(self) -> None:
        try:
            await self.catch_up()
        except ChatError as error:
            logger.info("conversation %s: %s", self.id, error)
        finally:
            self._repair = None
