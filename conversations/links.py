"""Build the links of a page of messages."""

from __future__ import annotations

from rest_framework.utils.urls import remove_query_param, replace_query_param

from conversations.history import MessagePage


def message_links(here: str, found: MessagePage) -> tuple[str | None, str | None]:
    """Return the `next` link to older messages and the `previous` link to newer ones. `here` is the page's URL."""
    for name in ("before", "after", "around"):
        here = remove_query_param(here, name)
    if not found.messages:
        return None, None
    first, last = found.messages[0].seq, found.messages[-1].seq
    return (
        replace_query_param(here, "before", str(first)) if found.older else None,
        replace_query_param(here, "after", str(last)) if found.newer else None,
    )
