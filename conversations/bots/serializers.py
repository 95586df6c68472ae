"""The wire objects of bots and their keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from chatsite.identity.models import ApiKey
from chatsite.identity.names import display_name
from chatsite.struct_schema import documented
from conversations.models import Membership
from conversations.requests import RowId, ZonedTime
from conversations.serializers import WireObject

NAME_LENGTH: Final = 100

ScopeName = Literal["contacts:read", "conversations:write", "messages:read", "messages:write"]
Scopes = Annotated[list[ScopeName], msgspec.Meta(min_length=1, max_length=8)]
Name = Annotated[str, documented(minLength=1, maxLength=NAME_LENGTH)]


class BotObject(WireObject, kw_only=True):
    """A bot. `id` is the id of its user, and so the `senderId` of its messages."""

    example = {"name": "Stock bot"}

    id: str
    business_id: UUID
    name: str
    answers_first: bool
    created_at: datetime


class BotBody(WireObject, kw_only=True):
    example = {"name": "Stock bot"}

    business_id: RowId
    name: Name


class BotChanges(WireObject, kw_only=True):
    """`answersFirst`: conversations begin with this bot. A business has at most one such bot."""

    example = {"answersFirst": True}

    answers_first: bool


class KeyObject(WireObject, kw_only=True):
    """An API key. `hint` is its beginning. `lastUsedAt` is accurate to a minute."""

    example = {"name": "Stock server", "scopes": ["messages:read", "messages:write"]}

    id: str
    name: str
    hint: str
    scopes: list[ScopeName]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyWithSecret(KeyObject, kw_only=True):
    """A new API key with its secret, which is shown only once."""

    key: str


class KeyBody(WireObject, kw_only=True):
    example = {"name": "Stock server", "scopes": ["messages:read", "messages:write"]}

    name: Name
    scopes: Scopes
    expires_at: ZonedTime | None = None


def bot_object(bot: Membership) -> BotObject:
    """User and business must be loaded."""
    return BotObject(
        id=str(bot.user_id),
        business_id=bot.business_id,
        name=display_name(bot.user),
        answers_first=bot.business.first_bot_id == bot.user_id,
        created_at=bot.created_at,
    )


def key_object(row: ApiKey) -> KeyObject:
    return KeyObject(
        id=str(row.pk),
        name=row.name,
        hint=row.hint,
        scopes=row.scopes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def key_with_secret(row: ApiKey, key: str) -> KeyWithSecret:
    shown = key_object(row)
    return KeyWithSecret(**{name: getattr(shown, name) for name in shown.__struct_fields__}, key=key)
