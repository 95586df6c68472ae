"""Filters for the templates of the pages."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from chatsite.identity.bidi import isolate
from chatsite.web.attachments import shown_size
from notifications.currencies import amount_text
from notifications.models import Offer
from notifications.money import amount_with_currency

register = template.Library()

# So that no content ends the element, or begins a comment in it.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.filter(name="isolate")
def isolate_filter(name: object) -> str:
    """Isolate a name inside a text that cannot hold elements: a title or an attribute."""
    return isolate(str(name))


@register.filter
def day_label(day: date) -> str:
    """Return a day as people call it."""
    today = timezone.localdate()
    if day == today:
        return gettext("Today")
    if day == today - timedelta(days=1):
        return gettext("Yesterday")
    return date_format(day)


@register.filter
def list_time(at: datetime) -> str:
    """Return the time today, then "Yesterday", the weekday, the date, as `times.js` does."""
    local = timezone.localtime(at)
    days = (timezone.localdate() - local.date()).days
    if days == 1:
        return gettext("Yesterday")
    return date_format(local, "TIME_FORMAT" if days < 1 else "D" if days < 7 else "SHORT_DATE_FORMAT")


@register.filter
def status_label(status: str) -> str:
    labels = {"sent": gettext("Sent"), "delivered": gettext("Delivered"), "read": gettext("Read")}
    return labels[status]


register.filter("picture_size", shown_size)


@register.filter
def price(offer: Offer) -> str:
    """Return the amount with its currency, as the scripts write it."""
    amount = amount_text(offer.amount_minor, offer.currency)
    return amount_with_currency(amount, offer.currency, get_language() or settings.LANGUAGE_CODE)


@register.filter
def json_block(value: Any) -> SafeString:
    """Render a value for a script to read, as an element of JSON, which the page's policy allows."""
    text = json.dumps(value, ensure_ascii=False).translate(ESCAPES)
    return format_html('<script type="application/json" class="thread-seed">{}</script>', mark_safe(text))
