"""Passes each event of the server to the state that it changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import msgspec

from business_chat_client.connection import Frame
from business_chat_client.conversation import Conversation
from business_chat_client.decoding import decode
from business_chat_client.events import (
    ClientEvent,
    ConversationChanged,
    PresenceChanged,
    Resumed,
)
from business_chat_client.notification_feed import NotificationFeed
from business_chat_client.pushes import (
    AttachmentPush,
    ConversationPush,
    Heartbeat,
    MessagePush,
    NotificationPush,
    PresencePush,
    ReactionPush,
    ReceiptPush,
    RevPush,
    SyncAnswer,
    TypingPush,
    UnknownPush,
)
from business_chat_client.streams import Broadcaster

logger = logging.getLogger(__name__)

# These events have a conversation's `rev` without being a change of it.
WITHOUT_TURN = frozenset({"joined_conversation"})


class EventDispatcher:
    """Passes each event to the state that it changes. An event with an unknown name and a `rev` is counted in its
    conversation, so it causes no sync."""

    def __init__(
        self,
        conversations: Mapping[str, Conversation],
        broadcaster: Broadcaster[ClientEvent],
        feed_behind: Callable[[], None],
    ) -> None:
        self.feed = NotificationFeed()
        self._feed_behind = feed_behind
        self._conversations = conversations
        self._broadcaster = broadcaster
        self._takers: dict[str, Callable[[msgspec.Raw], None]] = {
            "new_message": self._message,
            "message_edited": self._message,
            "message_deleted": self._message,
            "reactions_updated": self._reactions,
            "attachment_updated": self._attachment,
            "messages_delivered": self._receipts,
            "messages_read": self._receipts,
            "conversation_updated": self._details,
            "user_typing": self._typing,
            "user_online": self._online,
            "user_offline": self._offline,
            "notification": self._notification,
        }

    def take(self, frame: Frame) -> None:
        taker = self._takers.get(frame.event)
        if taker is not None:
            taker(frame.data)
        elif frame.event not in WITHOUT_TURN:
            self._unknown(frame.data)

    def take_heartbeat(self, answer: msgspec.Raw) -> None:
        """Apply the answer of a heartbeat."""
        heads = msgspec.json.decode(answer, type=Heartbeat)
        self._notifications_reached(heads.notifications_rev)
        for conversation_id, conversation in self._conversations.items():
            latest = heads.conversations.get(conversation_id)
            if (
                latest is not None
                and latest.rev >= conversation.rev
                and conversation._knows_own(latest.state_rev)
            ):
                conversation._note_rev(latest.rev)
            else:
                conversation._verify_membership()

    def take_notifications(self, answer: SyncAnswer, place: Mapping[str, str]) -> None:
        """Apply the notifications of a sync. `place` is the position that the client sent."""
        self._broadcaster.put(self.feed.take(answer, place))

    def resumed(self) -> None:
        self._broadcaster.put([Resumed()])

    def connection_lost(self) -> None:
        for conversation in list(self._conversations.values()):
            conversation._connection_lost()

    def _message(self, data: msgspec.Raw) -> None:
        push = decode(data, MessagePush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take(push)

    def _unknown(self, data: msgspec.Raw) -> None:
        try:
            push = msgspec.json.decode(data, type=UnknownPush)
        except msgspec.ValidationError as error:
            logger.debug("ignored an unknown event: %s", error)
            return
        if push.rev is not None and push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take(
                RevPush(conversation_id=push.conversation_id, rev=push.rev)
            )

    def _reactions(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=ReactionPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take(push)

    def _attachment(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=AttachmentPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take(push)

    def _receipts(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=ReceiptPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take(push)

    def _details(self, data: msgspec.Raw) -> None:
        push = decode(data, ConversationPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take_details(push.conversation)
        self._broadcaster.put([ConversationChanged(push.conversation)])

    def _typing(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=TypingPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take_typing(push)

    def _online(self, data: msgspec.Raw) -> None:
        self._broadcaster.put([PresenceChanged(msgspec.json.decode(data, type=PresencePush).user_id, True)])

    def _offline(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=PresencePush)
        self._broadcaster.put([PresenceChanged(push.user_id, False, push.last_seen)])

    def _notification(self, data: msgspec.Raw) -> None:
        self._notifications_reached(msgspec.json.decode(data, type=NotificationPush).rev)

    def _notifications_reached(self, rev: int) -> None:
        self.feed.seen = max(self.feed.seen, rev)
        if self.feed.is_behind:
            self._feed_behind()
