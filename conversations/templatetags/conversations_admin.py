"""Names of people in the admin's pages, the same as clients see them."""

from __future__ import annotations

from typing import Any

from django import template

from conversations.models import ChatMessage, Side
from conversations.serializers import person_object

register = template.Library()


@register.filter
def person_name(user: Any) -> str:
    return person_object(user).name


@register.filter
def sender_name(message: ChatMessage) -> str:
    """The system has no account, and an erased person's messages have lost it."""
    if message.sender is not None:
        return person_object(message.sender).name
    return "System" if message.sender_side == Side.SYSTEM else "Erased user"
