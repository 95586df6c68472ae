"""What the formats are read into. The documented form has exactly these fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]
SideName = Literal["customer", "business", "system"]


class SourcePerson(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True, frozen=True):
    """A person, as the source knows them."""

    id: str
    username: str = ""
    email: str = ""
    name: str = ""


class SourceBusiness(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True, frozen=True):
    slug: str
    name: str = ""


class SourceFile(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A file of a message. `path` is where it lies, relative to the folder of the files."""

    name: str
    path: str
    recording: bool = False
    alt: str = ""


class SourceEdit(msgspec.Struct, rename="camel", kw_only=True):
    """An earlier content of a message."""

    content: str
    replaced_at: Time


class HeaderLine(msgspec.Struct, rename="camel", kw_only=True, tag_field="kind", tag="header"):
    format: Literal["business-chat"]
    version: Literal[1]


class ConversationLine(
    msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True, tag_field="kind", tag="conversation"
):
    """A conversation. The messages that follow belong to it."""

    id: str
    business: SourceBusiness | None = None
    customer: SourcePerson | None = None


class MessageLine(
    msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True, tag_field="kind", tag="message"
):
    """A message. Without `senderSide` it is the customer's if its sender is the customer, and else the business's."""

    id: str
    sender: SourcePerson | None = None
    sender_side: SideName | None = None
    sender_kind: Literal["person", "bot", "system"] = "person"
    via: Literal["", "email"] = ""
    content: str = ""
    message_type: Literal["text", "image", "file", "voice", "system"] = "text"
    created_at: Time
    delivered_at: Time | None = None
    read_at: Time | None = None
    edited_at: Time | None = None
    deleted_at: Time | None = None
    hidden_at: Time | None = None
    reply_to: str | None = None
    files: list[SourceFile] = []
    edits: list[SourceEdit] = []


class EndLine(msgspec.Struct, rename="camel", kw_only=True, tag_field="kind", tag="end"):
    """The last line. A file without it is incomplete."""

    lines: int


@dataclass(slots=True)
class Found:
    """A message of a conversation. `members` are people among whom the customer is, where the source does not say."""

    conversation: ConversationLine
    message: MessageLine
    members: tuple[SourcePerson, ...] = ()
    line: int = 0


@dataclass(slots=True)
class Broken:
    """A part of the source that cannot be read."""

    detail: str
    line: int


@dataclass(slots=True)
class LeftOut:
    """Something that this site has no place for, such as a private note."""

    what: str
    line: int = field(default=0)


Record = Found | Broken | LeftOut
