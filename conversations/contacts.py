"""Decide whom a business may open a conversation with.

A business knows the people it has a tie to. Everybody else looks like a person who does not exist, so that no member
can list the site's accounts by trying ids. A person who opens a conversation consents by doing so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Final, cast
from uuid import UUID

from django.conf import settings
from django.core.checks import Error, register
from django.utils.module_loading import import_string

from conversations.access import UserId
from conversations.models import Conversation

DEFAULT_RULE: Final = "conversations.contacts.has_tie"

ContactRule = Callable[[UUID, UserId], bool]

# Ties that other apps know of. An app adds its own in `AppConfig.ready`.
ties: Final[list[ContactRule]] = []


def may_contact(business_id: UUID, user_id: UserId) -> bool:
    """Ask the rule that `CHAT_CONTACT_RULE` names."""
    return bool(_load_rule(_rule_name())(business_id, user_id))


def has_tie(business_id: UUID, user_id: UserId) -> bool:
    """Apply the default rule: they have a conversation, or an app knows of a tie between them."""
    known = Conversation.objects.filter(business_id=business_id, customer_id=user_id).exists()
    return known or any(tie(business_id, user_id) for tie in ties)


def _rule_name() -> str:
    return str(getattr(settings, "CHAT_CONTACT_RULE", "") or DEFAULT_RULE)


@functools.cache
def _load_rule(name: str) -> ContactRule:
    return cast(ContactRule, import_string(name))


@register
def check_rule(app_configs: Iterable[Any] | None, **options: Any) -> list[Error]:
    """Report a `CHAT_CONTACT_RULE` that cannot be imported."""
    try:
        _load_rule(_rule_name())
    except ImportError as error:
        return [Error(f"CHAT_CONTACT_RULE cannot be imported: {error}", id="conversations.E001")]
    return []
