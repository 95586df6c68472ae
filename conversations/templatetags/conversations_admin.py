"""Filters that show names in the admin as clients see them, isolated from the text around them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from chatsite.identity.names import user_page
from conversations.admin.names import isolate
from conversations.models import ChatMessage, Side
from conversations.moderation.models import Report
from conversations.serializers import person_object

register = template.Library()


@register.filter
def person_name(user: Any) -> SafeString:
    return isolate(person_object(user).name)


register.filter(user_page)


@register.filter
def business_name(business: Any) -> SafeString:
    return isolate(business.name)


@register.filter
def sender_name(message: ChatMessage) -> SafeString:
    """Return the name of the sender. Messages of the system and of erased persons have no account."""
    if message.sender is not None:
        return isolate(person_object(message.sender).name)
    return isolate("System" if message.sender_side == Side.SYSTEM else "Erased user")


@register.simple_tag(takes_context=True)
def open_reports(context: dict[str, Any]) -> str:
    """Return the number of open reports, for people who may read them: "" without any, and "99+" at most."""
    if not context["request"].user.has_perm("conversations.view_report"):
        return ""
    count = Report.objects.filter(status=Report.Status.OPEN).order_by()[:100].count()
    return "99+" if count == 100 else str(count or "")
