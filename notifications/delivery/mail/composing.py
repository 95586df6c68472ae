"""Write the mail: the unread messages of each conversation, the last messages before them, and links."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from chatsite.http.site_url import site_url
from chatsite.identity.names import email_of
from conversations.access import other_side
from conversations.block_rules import is_blocked
from conversations.models import ChatMessage, Conversation, Side
from notifications.delivery.links import conversation_path, settings_path
from notifications.delivery.mail.unsubscribe import unsubscribe_token
from notifications.delivery.models import Notice
from notifications.delivery.push.content import name_of_side, sender_name
from notifications.delivery.replies.addresses import reply_address

QUOTED_BEFORE: Final = 3  # messages before the unread ones
SHOWN: Final = 20  # unread messages of one conversation
SECTIONS: Final = 20  # conversations of one mail
CHARACTERS: Final = 2_000  # of one message


@dataclass(frozen=True, slots=True)
class Section:
    """The unread messages of one conversation, for the recipient of the mail."""

    conversation: Conversation
    side: str
    last_seq: int
    messages: list[ChatMessage]  # the last ones; none if the mail only counts the conversation
    hidden: int  # unread messages before them


def compose(notice: Notice, sections: list[Section], locale: str) -> EmailMultiAlternatives:
    """Compose a mail in the person's language. A mail about one conversation can be answered and joins its thread."""
    user = notice.user
    with translation.override(locale):
        shown = [_shown(user, section) for section in sections if section.messages]
        unsubscribe = site_url(reverse("unsubscribe", args=[unsubscribe_token(user.pk)]))
        context = {
            "sections": shown,
            "others": len(sections) - len(shown),
            "unsubscribe_url": unsubscribe,
            "settings_url": site_url(settings_path()),
            "language": translation.get_language(),
            "can_reply": bool(settings.MAIL_REPLY_ADDRESS),
        }
        mail = EmailMultiAlternatives(
            subject=_subject(sections),
            body=render_to_string("mail/unread.txt", context),
            from_email=_sender(sections),
            to=[email_of(user)],
            headers=mail_headers(notice, [section.conversation for section in sections], unsubscribe),
        )
        mail.attach_alternative(render_to_string("mail/unread.html", context), "text/html")
        if len(sections) == 1 and shown[0]["reply_address"]:
            mail.reply_to = [shown[0]["reply_address"]]
    return mail


def _subject(sections: list[Section]) -> str:
    """Return the subject. It is the same for every mail about a conversation, so that mail programs group them."""
    if len(sections) == 1:
        return gettext("Messages from %(name)s") % {"name": one_line(_name(sections[0]))}
    return ngettext(
        "Unread messages in %(count)d conversation",
        "Unread messages in %(count)d conversations",
        len(sections),
    ) % {"count": len(sections)}


def mail_headers(notice: Notice, conversations: list[Conversation], unsubscribe: str) -> dict[str, str]:
    """Return the headers of every mail. A mail about a single conversation joins that conversation's thread."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        # The same at each attempt, so that a mail program detects a mail that arrives twice.
        "Message-ID": f"<{notice.pk}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Loop": domain,
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if len(conversations) == 1:
        thread = f"<conversation.{conversations[0].pk}@{domain}>"
        headers |= {"References": thread, "In-Reply-To": thread}
    return headers


def _sender(sections: list[Section]) -> str:
    return sender_address(_name(sections[0]) if len(sections) == 1 else None)


def sender_address(name: str | None) -> str:
    """Return the site's address, with the name of the person or business who wrote, if there is one."""
    own_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((own_name if name is None else one_line(name), address))


def _shown(user: Any, section: Section) -> dict[str, Any]:
    conversation = section.conversation
    return {
        "name": _name(section),
        "earlier": [_line(conversation, message) for message in _before(section)],
        "messages": [_line(conversation, message) for message in section.messages],
        "hidden": section.hidden,
        "url": site_url(conversation_path(conversation.pk)),
        "reply_address": reply_address(user, conversation.pk),
    }


def _before(section: Section) -> list[ChatMessage]:
    """Return the last messages before the unread ones, for context."""
    rows = ChatMessage.objects.filter(
        conversation=section.conversation,
        seq__lt=section.messages[0].seq,
        deleted_at=None,
        hidden_at=None,
    )
    last = rows.exclude(sender_side=Side.SYSTEM).order_by("-seq")[:QUOTED_BEFORE]
    return [message for message in last if not _is_from_blocked(section, message)][::-1]


def _is_from_blocked(section: Section, message: ChatMessage) -> bool:
    """Return whether the reader's side has blocked the sender."""
    return message.sender_side != section.side and is_blocked(section.conversation, message.sender_id)


def _line(conversation: Conversation, message: ChatMessage) -> dict[str, Any]:
    text = message.content
    return {
        "sender": sender_name(conversation, message),
        "text": text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}…",
        "at": message.created_at,
    }


def _name(section: Section) -> str:
    return name_of_side(section.conversation, other_side(section.side))


def one_line(text: str) -> str:
    return " ".join(text.split())[:100]
