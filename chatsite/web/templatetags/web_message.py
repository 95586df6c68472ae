"""The filter that shows a message's text in the pages of the server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from chatsite.web.message_format import Item, parse_message

register = template.Library()

OUT = 'target="_blank" rel="noopener noreferrer nofollow ugc" dir="auto"'


@register.filter
def formatted(text: str) -> SafeString:
    """Return the text with its formatting and links. Every piece of it is escaped."""
    return _joined(parse_message(text))


def _joined(items: list[Item]) -> SafeString:
    return format_html_join("", "{}", ((_shown(item),) for item in items))


def _shown(item: Item) -> SafeString:
    if isinstance(item, str):
        return escape(item)
    kind, *inside = item
    if kind in ("strong", "em"):
        return format_html("<{0}>{1}</{0}>", mark_safe(kind), _joined(inside))
    if kind == "ul":
        return format_html("<ul>{}</ul>", _entries(inside))
    if kind == "ol":
        return format_html('<ol start="{}">{}</ol>', inside[0], _entries(inside[1:]))
    text: str = inside[0]
    if kind == "code":
        return format_html("<code>{}</code>", text)
    if kind == "pre":
        return format_html("<pre><code>{}</code></pre>", text)
    return _link(kind, text)


def _entries(entries: list[list[Item]]) -> SafeString:
    return format_html_join("", "<li>{}</li>", ((_joined(entry),) for entry in entries))


def _link(kind: str, text: str) -> SafeString:
    if kind == "mail":
        return format_html('<a class="link" href="mailto:{0}">{0}</a>', text)
    if kind == "phone":
        number = "".join(character for character in text if character in "+0123456789")
        return format_html('<a class="link" href="tel:{}">{}</a>', number, text)
    return _web_link(text)


def _web_link(address: str) -> SafeString:
    """Return a link out of the site. If its text does not plainly begin with the real host, show the host after it."""
    parts = urlsplit(address)
    host: Any = parts.netloc.rpartition("@")[2].lower()
    if not host.isascii():
        return escape(address)  # only a browser knows what it leads to
    link = format_html('<a class="link" href="{0}" title="{1}" {2}>{0}</a>', address, host, mark_safe(OUT))
    is_plain = address.partition("://")[2].lower().startswith(host)
    return link if is_plain else format_html('{} <bdi class="link-host">({})</bdi>', link, host)
