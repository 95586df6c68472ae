"""Operations of owners on the bots of their business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.identity import operations as identity
from chatsite.identity.accounts import open_account
from chatsite.identity.api_keys import SCOPES, make_key
from chatsite.identity.models import ApiKey
from conversations.access import UserId, require_owner, user_key
from conversations.bots.serializers import NAME_LENGTH
from conversations.membership import add_member, lock_owners, remove_member
from conversations.models import Business, Membership
from conversations.validation import clean_required

MOST_BOTS: Final = 20  # of one business
MOST_KEYS: Final = 20  # live ones of one bot


def clean_name(name: str) -> str:
    return clean_required(name.strip(), field="name", limit=NAME_LENGTH)


# --- Bots -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_bot(*, user_id: UserId, business_id: str, name: str) -> Membership:
    """Create an account without a password, and its membership in the business."""
    business = require_owner(user_id, business_id)
    name = clean_name(name)
    lock_owners(business.pk)  # before the business, as where a member is removed
    # The owner's business, locked: of two requests at once the second counts the first.
    type(business).objects.select_for_update(no_key=True).get(pk=business.pk)
    if Membership.objects.filter(business=business, is_bot=True).count() >= MOST_BOTS:
        raise DomainError("conflict", f"A business can have at most {MOST_BOTS} bots.")
    account = open_account(name=name)
    membership = add_member(business_id=business.pk, user_id=account.pk)
    membership.is_bot = True
    membership.save(update_fields=["is_bot"])
    return membership


@transaction.atomic
def change_bot(*, user_id: UserId, bot_id: str, answers_first: bool) -> Membership:
    """Let conversations begin with this bot, in place of any other, or with people again."""
    bot = find_bot(user_id, bot_id)
    # Locked, so that the bot cannot be removed at the same time. In the order in which the removal locks.
    if not Membership.objects.select_for_update(no_key=True).filter(pk=bot.pk).values_list("pk"):
        raise not_found("bot")
    business = Business.objects.select_for_update(no_key=True).get(pk=bot.business_id)
    if answers_first:
        business.first_bot_id = bot.user_id
    elif business.first_bot_id == bot.user_id:
        business.first_bot_id = None
    business.save(update_fields=["first_bot"])
    bot.business = business
    return bot


def bots_of(user_id: UserId, business_id: str) -> QuerySet[Membership]:
    business = require_owner(user_id, business_id)
    return Membership.objects.select_related("user", "business").filter(business=business, is_bot=True)


def find_bot(user_id: UserId, bot_id: str) -> Membership:
    """Find a bot of a business that the user owns. Its id is the id of its user."""
    try:
        key = user_key(bot_id)
    except DomainError as error:
        raise not_found("bot") from error
    owned = Membership.objects.filter(user_id=user_id, role=Membership.Role.OWNER).values("business_id")
    bots = Membership.objects.select_related("user", "business").filter(
        user_id=key, is_bot=True, business_id__in=owned
    )
    bot: Membership | None = bots.first()
    if bot is None:
        raise not_found("bot")
    return bot


@transaction.atomic
def remove_bot(*, user_id: UserId, bot_id: str) -> None:
    """Remove the bot's membership, keys and account. Its messages stay."""
    bot = find_bot(user_id, bot_id)
    ApiKey.objects.filter(user_id=bot.user_id, revoked_at=None).update(revoked_at=timezone.now())
    remove_member(business_id=bot.business_id, user_id=bot.user_id)
    identity.deactivate_user(user_id=str(bot.user_id))


# --- Keys -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_key(
    *, user_id: UserId, bot_id: str, name: str, scopes: Sequence[str], expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """Create a key. Return its row and the key itself, which is not stored and cannot be read again."""
    bot = find_bot(user_id, bot_id)
    name = clean_name(name)
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise invalid(f"scopes must name some of {', '.join(SCOPES)}.", field="scopes", known=list(SCOPES))
    if expires_at is not None and expires_at <= timezone.now():
        raise invalid("expiresAt must be in the future.", field="expiresAt")
    Membership.objects.select_for_update().get(pk=bot.pk)
    if keys_of_bot(bot).filter(revoked_at=None).count() >= MOST_KEYS:
        raise DomainError("conflict", f"A bot can have at most {MOST_KEYS} keys. Revoke one first.")
    return make_key(
        user_id=bot.user_id,
        name=name,
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        created_by_id=user_id,
    )


def keys_of(user_id: UserId, bot_id: str) -> QuerySet[ApiKey]:
    return keys_of_bot(find_bot(user_id, bot_id))


def keys_of_bot(bot: Membership) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(user_id=bot.user_id)


def revoke_key(*, user_id: UserId, bot_id: str, key_id: str) -> None:
    """Revoke a key. Requests fail at once, and sockets close within seconds. Repeating it changes nothing."""
    keys: Any = keys_of(user_id, bot_id)
    if not key_id.isascii() or not key_id.isdigit() or len(key_id) > 18:
        raise not_found("key")
    if not keys.filter(pk=int(key_id)).exists():
        raise not_found("key")
    keys.filter(pk=int(key_id), revoked_at=None).update(revoked_at=timezone.now())
