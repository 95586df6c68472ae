"""What the server pushes, and where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from business_chat_client.conversation import Conversation
from business_chat_client.events import (
    ClientEvent,
    ConversationChanged,
    PresenceChanged,
    Resumed,
)
from business_chat_client.inbox import Inbox
from business_chat_client.link import Frame
from business_chat_client.objects import (
    ConversationPush,
    Heartbeat,
    MessagePush,
    NotificationPush,
    PresencePush,
    ReceiptPush,
    SyncAnswer,
    TypingPush,
)
from business_chat_client.streams import Fan


class Pushes:
    """Events that a newer server adds pass by."""

    def __init__(
        self,
        conversations: Mapping[str, Conversation],
        fan: Fan[ClientEvent],
        inbox_behind: Callable[[], None],
    ) -> None:
        self.inbox = Inbox()
        self._inbox_behind = inbox_behind
        self._conversations = conversations
        self._fan = fan
        self._takers: dict[str, Callable[[msgspec.Raw], None]] = {
            "new_message": self._message,
            "message_edited": self._message,
            "message_deleted": self._message,
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

    def take_heads(self, answer: msgspec.Raw) -> None:
        """The answer of a heartbeat."""
        heads = msgspec.json.decode(answer, type=Heartbeat).conversations
        for conversation_id, conversation in self._conversations.items():
            if conversation_id in heads:
                conversation._hear(heads[conversation_id].rev)
            else:
                conversation._doubt()

    def take_inbox(self, answer: SyncAnswer) -> None:
        """The notifications of a sync."""
        self._fan.put(self.inbox.take(answer))

    def resumed(self) -> None:
        self._fan.put([Resumed()])

    def connection_lost(self) -> None:
        for conversation in list(self._conversations.values()):
            conversation._connection_lost()

    def _message(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=MessagePush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take(push)

    def _receipts(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=ReceiptPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take(push)

    def _details(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=ConversationPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take_details(push.conversation)
        self._fan.put([ConversationChanged(push.conversation)])

    def _typing(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=TypingPush)
        if push.conversation_id in self._conversations:
            self._conversations[push.conversation_id]._take_typing(push)

    def _online(self, data: msgspec.Raw) -> None:
        self._fan.put([PresenceChanged(msgspec.json.decode(data, type=PresencePush).user_id, True)])

    def _offline(self, data: msgspec.Raw) -> None:
        push = msgspec.json.decode(data, type=PresencePush)
        self._fan.put([PresenceChanged(push.user_id, False, push.last_seen)])

    def _notification(self, data: msgspec.Raw) -> None:
        self.inbox.seen = max(self.inbox.seen, msgspec.json.decode(data, type=NotificationPush).rev)
        if self.inbox.is_behind:
            self._inbox_behind()
