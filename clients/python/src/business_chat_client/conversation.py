"""A joined conversation: its state, its events, and its operations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import uuid4

import msgspec

from business_chat_client.conversation_host import ConversationHost
from business_chat_client.decoding import decode
from business_chat_client.errors import ChatError
from business_chat_client.events import ConversationEvent, MessageArrived, TypingChanged
from business_chat_client.objects import (
    Attachment,
    ConversationDetails,
    Message,
    MessagePush,
    Reaction,
    ReactionPush,
    ReadAnswer,
    SyncedConversation,
    TypingPush,
)
from business_chat_client.pages import ConversationPages
from business_chat_client.streams import Broadcaster, EventStream
from business_chat_client.team_commands import TeamCommands
from business_chat_client.timeline import Push, Timeline

logger = logging.getLogger(__name__)

RECEIPT_IDS: Final = 500  # message ids of one receipt
NOT_VISIBLE: Final = ChatError("not_found", "The user can no longer see the conversation.")
REORDER_DELAY: Final = 0.2  # seconds to wait for a missing push before a sync


class Conversation(TeamCommands):
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

    # Operations. Each waits for a connection, and is repeated over the next one until it is answered.

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

    async def _change(self, event: str, data: dict[str, str]) -> Message:
        """Use only the `rev` of the ack. The ack cannot replace the event of that `rev`: for a repeated
        command it shows the message as it is now, and that `rev` may have changed other messages too."""
        push = decode(await self._client._request(event, data), MessagePush)
        self._note_rev(push.rev)
        return push.message

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


def _id_of(message: Message | str) -> str:
    return message if isinstance(message, str) else message.id
