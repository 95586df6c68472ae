"""A client of the chat for bots, scripts and tests. It needs httpx, websockets and msgspec, and nothing of Django.

    async with ChatClient("https://chat.example", username="amir", password="…") as client:
        conversation = await client.join(conversation_id)
        await conversation.send("We open at nine.")
        async for event in conversation.events():
            print(event)

`docs/python-client.md` documents all of it.
"""

from business_chat_client.client import ChatClient
from business_chat_client.conversation import Conversation
from business_chat_client.errors import ChatError
from business_chat_client.events import (
    AttachmentsChanged,
    ConversationChanged,
    MessageArrived,
    MessageDeleted,
    MessageEdited,
    MessagesDelivered,
    MessagesRead,
    MessagesRemoved,
    NotificationArrived,
    NotificationChanged,
    NotificationGone,
    PresenceChanged,
    ReactionsChanged,
    Resumed,
    TypingChanged,
)
from business_chat_client.objects import (
    Attachment,
    Business,
    ConversationDetails,
    Message,
    Notification,
    OwnState,
    Person,
    Presence,
    Profile,
    Reaction,
    Unread,
)
from business_chat_client.personal_commands import Block, FoundMessage
from business_chat_client.previews import LastFiles, LastReaction
from business_chat_client.streams import EventStream
from business_chat_client.team_commands import TeamState

__all__ = [
    "Attachment",
    "AttachmentsChanged",
    "Block",
    "Business",
    "ChatClient",
    "ChatError",
    "Conversation",
    "ConversationChanged",
    "ConversationDetails",
    "EventStream",
    "FoundMessage",
    "LastFiles",
    "LastReaction",
    "Message",
    "MessageArrived",
    "MessageDeleted",
    "MessageEdited",
    "MessagesDelivered",
    "MessagesRead",
    "MessagesRemoved",
    "Notification",
    "NotificationArrived",
    "NotificationChanged",
    "NotificationGone",
    "OwnState",
    "Person",
    "Presence",
    "PresenceChanged",
    "Profile",
    "Reaction",
    "ReactionsChanged",
    "Resumed",
    "TeamState",
    "TypingChanged",
    "Unread",
]
