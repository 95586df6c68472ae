"""Read a mail: its sender, its reply address, the author's text, and whether a program wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Final

from django.conf import settings
from mailparser_reply import EmailReplyParser

TEXT_CHARACTERS: Final = 60_000  # that are searched for quotes
RECIPIENT_HEADERS: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
BULK: Final = {"bulk", "list", "junk", "auto_reply"}
AUTOMATIC_HEADERS: Final = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Reply",
    "List-Id",
    "List-Unsubscribe",
    "X-Loop",
)
QUOTES: Final = re.compile(
    r"\b(gmail_quote|moz-cite-prefix|yahoo_quoted|divRplyFwdMsg|appendonsend|OutlookMessageHeader)"
)


def parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def addresses(message: EmailMessage, *names: str) -> list[str]:
    """The addresses in these headers, in lower case."""
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address.lower() for _, address in getaddresses(values) if "@" in address]


def reply_tokens(message: EmailMessage, envelope: Iterable[str] = ()) -> list[str]:
    """The part after the `+` of the reply address, in the envelope and in the headers."""
    local, _, domain = settings.MAIL_REPLY_ADDRESS.lower().partition("@")
    found = [*(address.lower() for address in envelope), *addresses(message, *RECIPIENT_HEADERS)]
    start, end = f"{local}+", f"@{domain}"
    return [one[len(start) : -len(end)] for one in found if one.startswith(start) and one.endswith(end)]


def is_automatic(message: EmailMessage) -> bool:
    """Whether headers say that a program wrote the mail: an auto-responder, a mailing list, a bounce."""
    if str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower() != "no":
        return True
    if str(message.get("Precedence", "")).strip().lower() in BULK:
        return True
    if str(message.get("Return-Path", "")).strip() == "<>":
        return True
    if message.get_content_type() in ("multipart/report", "message/delivery-status"):
        return True
    return any(name in message for name in AUTOMATIC_HEADERS)


def written_text(message: EmailMessage) -> str:
    """The author's text, without quotes and the signature."""
    body = message.get_body(("plain",))
    if body is not None:
        text = _content(body)
    else:
        html = message.get_body(("html",))
        text = _text_of_html(_content(html)) if html is not None else ""
    text = text.replace("\r\n", "\n").replace("\x00", "")[:TEXT_CHARACTERS].strip()
    languages = [code for code, _ in settings.LANGUAGES]
    found = EmailReplyParser(languages=languages).read(text=text).replies
    written = str(found[0].body) if found else ""
    return "\n".join(line for line in written.splitlines() if not line.startswith(">")).strip()


def attached_files(message: EmailMessage) -> list[tuple[str, bytes]]:
    """Names and contents of the files, without pictures of a signature, which the HTML shows."""
    files = []
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if part.get_content_disposition() == "attachment" and isinstance(content, bytes) and content:
            files.append((part.get_filename() or "attachment", content))
    return files


def _content(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an unknown charset
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


class _Plain(HTMLParser):
    """The text of HTML up to the first quote."""

    LINES: Final = {"p", "div", "br", "li", "tr", "h1", "h2", "h3"}
    UNSHOWN: Final = {"style", "script", "head", "title"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        if tag == "blockquote" or QUOTES.search(marks):
            self._ended = True
        if tag in self.UNSHOWN:
            self._hidden += 1
        if tag in self.LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.UNSHOWN:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden and not self._ended:
            self.parts.append(re.sub(r"\s+", " ", data))


def _text_of_html(html: str) -> str:
    reader = _Plain()
    reader.feed(html[: TEXT_CHARACTERS * 10])
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", "".join(reader.parts))
