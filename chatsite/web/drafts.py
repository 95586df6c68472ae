"""Keep the text of a message that the server rejected, so that the form can show it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from django.http import HttpRequest

_SESSION_KEY: Final = "unsent_message"


@dataclass(frozen=True)
class Draft:
    """The fields of a message form, and the error that stopped it."""

    conversation_id: str
    content: str
    client_id: str = ""
    reply_to: str = ""
    error: str = ""

    @classmethod
    def from_form(cls, request: HttpRequest, conversation_id: str) -> Self:
        """Read the form. Browsers send line breaks as CRLF, which are converted to one character."""
        content = request.POST.get("content", "").replace("\r\n", "\n").replace("\r", "\n")
        client_id, reply_to = request.POST.get("clientId", ""), request.POST.get("replyTo", "")
        return cls(conversation_id, content, client_id, reply_to)

    def refused(self, error: str) -> Draft:
        return replace(self, error=error)


def keep(request: HttpRequest, draft: Draft) -> None:
    """Remember the draft in the session of a signed-in person, until it is sent."""
    request.session[_SESSION_KEY] = [draft.conversation_id, draft.content, draft.client_id, draft.reply_to]


def kept(request: HttpRequest, conversation_id: str, error: str) -> Draft | None:
    """Return the draft kept for the conversation, with the given error text."""
    found: list[str] | None = request.session.get(_SESSION_KEY)
    if not found or found[0] != conversation_id:
        return None
    return Draft(found[0], found[1], found[2], found[3], error)


def forget(request: HttpRequest, conversation_id: str) -> None:
    if kept(request, conversation_id, ""):
        del request.session[_SESSION_KEY]
