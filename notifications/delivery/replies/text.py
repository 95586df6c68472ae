"""Read the text that the author of a mail has written, without quotes, signature and the line that a phone adds."""

from __future__ import annotations

import re
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Final

from django.conf import settings
from mailparser_reply import EmailMessage as QuotingMail

TEXT_CHARACTERS: Final = 60_000  # that are searched for quotes
QUOTES: Final = re.compile(
    r"\b(gmail_quote|moz-cite-prefix|yahoo_quoted|divRplyFwdMsg|appendonsend|OutlookMessageHeader)"
)
# What mail programs leave above a quote: -----Ursprüngliche Nachricht-----, or a line.
SEPARATOR: Final = re.compile(r"-{3,} ?[^\W\d_][^\n]{2,40}-{3,}|[_-]{5,}")
# What phones add. The parser of replies knows some of them.
DEVICE: Final = re.compile(
    r"(Von meine[mr] [^\n]{2,30} gesendet|Gesendet mit (der|dem|meine[mr]|GMX|Outlook) [^\n]{2,40}"
    r"|Outlook für [^\n]{2,20}|Envoyé de mon [^\n]{2,30}|Get Outlook for [^\n]{2,20})(<\S*>)?\.?"
)


def written_text(message: EmailMessage) -> str:
    """Return the author's text, without quotes and the signature."""
    body = message.get_body(("plain",))
    if body is not None:
        text = _content(body)
    else:
        html = message.get_body(("html",))
        text = _text_of_html(_content(html)) if html is not None else ""
    text = text.replace("\r\n", "\n").replace("\x00", "")[:TEXT_CHARACTERS].strip()
    languages = [code for code, _ in settings.LANGUAGES]
    # A list with hyphens is no signature.
    found = (
        QuotingMail(text=_above_own_mail(text), languages=languages, keep_hyphen_lists=True).read().replies
    )
    written = str(found[0].body) if found else ""
    lines = [line for line in written.splitlines() if not line.startswith(">")]
    while lines and (not lines[-1].strip() or _is_added(lines[-1].strip())):
        lines.pop()
    return "\n".join(lines).strip()


def _is_added(line: str) -> bool:
    return bool(SEPARATOR.fullmatch(line) or DEVICE.fullmatch(line))


def _above_own_mail(text: str) -> str:
    """Return the text above the quote of the site's own mail.

    Every mail program writes the address of the quoted mail in angle brackets, whatever its language. If a program
    wraps that line, the address stands at the beginning of the next one.
    """
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower()
    lines = text.split("\n")
    for number, line in enumerate(lines):
        low = line.lower()
        is_wrapped = number > 0 and low.lstrip("> <").startswith(f"{address}>")
        if address and not line.startswith(">") and (f"<{address}>" in low or is_wrapped):
            above = "\n".join(lines[: number - is_wrapped]).strip()
            return above or text  # an answer below the quote
    return text


def _content(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an unknown charset
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


class _Plain(HTMLParser):
    """Collect the text of HTML up to the first quote, or with `below` everything but the quotes."""

    LINES: Final = {"p", "div", "br", "li", "tr", "h1", "h2", "h3"}
    UNSHOWN: Final = {"style", "script", "head", "title"}

    def __init__(self, *, below: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._unshown = self.UNSHOWN | {"blockquote"} if below else self.UNSHOWN
        self._below = below
        self.parts: list[str] = []
        self._hidden = 0
        self._ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        if not self._below and (tag == "blockquote" or QUOTES.search(marks)):
            self._ended = True
        if tag in self._unshown:
            self._hidden += 1
        if tag in self.LINES:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unshown:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden and not self._ended:
            self.parts.append(re.sub(r"\s+", " ", data))


def _text_of_html(html: str) -> str:
    return _plain(html, below=False) or _plain(html, below=True)


def _plain(html: str, *, below: bool) -> str:
    reader = _Plain(below=below)
    reader.feed(html[: TEXT_CHARACTERS * 10])
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", "".join(reader.parts)).strip()
