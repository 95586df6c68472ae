"""The texts of the widget's scripts, in the active language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def loader_texts(title: str) -> dict[str, str]:
    """Texts of the button and the panel on the host's page. The script replaces `{count}`."""
    return {
        "open": _("Open the chat with %(title)s") % {"title": title},
        "close": _("Close the chat"),
        "unread": _("Open the chat with %(title)s, unread messages: {count}") % {"title": title},
        "panel": _("Chat with %(title)s") % {"title": title},
        "loading": _("Opening the chat…"),
        "failed": _("The chat cannot be opened here at the moment."),
        "retry": _("Try again"),
    }


def frame_texts() -> dict[str, str]:
    """Texts that the frame shows instead of a conversation, by error code."""
    return {
        "unreachable": _("The chat cannot be reached at the moment."),
        "unauthenticated": _("You could not be signed in. Please reload the page."),
        "invalid": _("Please check what you have entered."),
        "forbidden": _("This account cannot chat here."),
        "rate_limited": _("Too many requests. Please try again later."),
    }
