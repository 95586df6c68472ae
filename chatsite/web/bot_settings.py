"""The bots of a business in the page: what the pages show, and what their forms do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from django.db.models import F
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import invalid, not_found
from chatsite.identity.api_keys import SCOPES
from chatsite.identity.models import ApiKey
from conversations.access import object_key, require_owner
from conversations.bots import operations
from conversations.bots.serializers import bot_object
from conversations.models import Membership

MOST_KEYS: Final = 100  # on the page

SCOPE_TEXTS: Final[Mapping[str, str | Promise]] = {
    "contacts:read": _("See people and who is online"),
    "conversations:write": _("Open and archive conversations"),
    "messages:read": _("Read conversations and receive new messages live"),
    "messages:write": _("Write, edit and delete messages"),
}


def bots_context(user_id: Any, business_id: str, typed: QueryDict | None = None) -> dict[str, Any]:
    """Return what the page of all bots shows. Raise `forbidden` for agents, and `not_found` for others."""
    business = require_owner(user_id, business_id)
    rows = operations.bots_of(user_id, business_id).order_by("-pk")
    return {
        "business": business,
        "heading": gettext("Bots and API keys"),
        "is_owner": True,
        "section": "bots",
        "bots": [bot_object(row) for row in rows],
        "entry": {"name": typed.get("name", "") if typed else ""},
    }


def bot_context(
    user_id: Any, business_id: str, bot_id: str, typed: QueryDict | None = None
) -> dict[str, Any]:
    """Return what the page of one bot shows: its keys, live ones first, and the form for a new key."""
    bot = find_bot(user_id, business_id, bot_id)
    keys = operations.keys_of_bot(bot).order_by(F("revoked_at").desc(nulls_first=True), "-pk")
    chosen = set(typed.getlist("scopes")) if typed else set()
    return {
        "business": bot.business,
        "heading": gettext("Bot"),
        "back": reverse("web:team-bots", args=[bot.business_id]),
        "bot": bot_object(bot),
        "keys": [(key, state_text(key)) for key in keys[:MOST_KEYS]],
        "scopes": [(name, SCOPE_TEXTS[name], name in chosen) for name in SCOPES],
        "entry": {name: typed.get(name, "") if typed else "" for name in ("name", "expires")},
        "today": timezone.now().date(),
    }


def find_bot(user_id: Any, business_id: str, bot_id: str) -> Membership:
    """Find a bot of this business. Raise `not_found` for everybody but its owners."""
    bot = operations.find_bot(user_id, bot_id)
    if bot.business_id != object_key(business_id, "business"):
        raise not_found("bot")
    return bot


def apply_answers(user_id: Any, bot_id: str, form: QueryDict) -> str:
    """Set whether the bot answers first. Return what to tell."""
    answers_first = form.get("answersFirst") == "on"
    operations.change_bot(user_id=user_id, bot_id=bot_id, answers_first=answers_first)
    return gettext("This bot now answers first.") if answers_first else gettext("People now answer first.")


def state_text(key: ApiKey) -> str:
    """Return a text for a key that has ended, and an empty one for a live key."""
    if key.revoked_at is not None:
        return gettext("Revoked")
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return gettext("Expired")
    return ""


def create_key(user_id: Any, bot: Membership, form: QueryDict) -> tuple[ApiKey, str]:
    """Create a key from `name`, `scopes` and `expires`. Return it with the key itself."""
    return operations.create_key(
        user_id=user_id,
        bot_id=str(bot.user_id),
        name=form.get("name", ""),
        scopes=form.getlist("scopes"),
        expires_at=_end_of_day(form.get("expires", "")),
    )


def _end_of_day(raw: str) -> datetime | None:
    """Return the end of a day such as 2026-01-31, in UTC. An empty one is no end."""
    if not raw:
        return None
    try:
        return datetime.combine(date.fromisoformat(raw), time.max, tzinfo=UTC)
    except ValueError as error:
        raise invalid("expiresAt must be a day such as 2026-01-31.", field="expiresAt") from error
