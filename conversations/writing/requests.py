"""The requests of a batch and their outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from msgspec import UNSET, UnsetType

from chatsite.errors import DomainError
from conversations.access import UserId
from conversations.serializers import MessageObject, ViaName
from conversations.writing.message_sql import ClientKey, Stamp


@dataclass(slots=True)
class Send:
    """A message to store. Without a `sender_id` it is a message of the system."""

    conversation_id: UUID
    sender_id: UserId | None
    content: str
    message_type: str | None = None  # None: the kind of the first attachment, or text
    client_id: str | None = None
    reply_to: UUID | None = None
    attachment_ids: Sequence[UUID] = ()
    via: ViaName | UnsetType = UNSET

    @property
    def author_id(self) -> UserId | None:
        return self.sender_id

    @property
    def client_key(self) -> ClientKey | None:
        return None if self.client_id is None else (self.conversation_id, self.sender_id, self.client_id)


@dataclass(slots=True)
class Receipt:
    """Messages of the other side that the user has received (`delivered`) or seen (`read`).

    Without ids it covers all messages, or all up to `up_to_seq`.
    """

    conversation_id: UUID
    user_id: UserId
    status: str
    message_ids: list[UUID] | None
    up_to_seq: int | None = None

    @property
    def author_id(self) -> UserId:
        return self.user_id


@dataclass(slots=True)
class Sent:
    """`payload` is the JSON of the event and of the ack. `created` is false for a repeated client id."""

    message: MessageObject
    payload: bytes
    created: bool


@dataclass(slots=True)
class Receipted:
    """The messages whose status has changed, and the new unread count of the user's side."""

    stamps: list[Stamp]
    unread_count: int


Request: TypeAlias = Send | Receipt
Outcome: TypeAlias = Sent | Receipted | DomainError
