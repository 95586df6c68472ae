"""`manage.py receive_mail`: take answers to mails, from a mail server's pipe or from a mailbox."""

from __future__ import annotations

import imaplib
import logging
import ssl
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.core.management.base import BaseCommand, CommandError

from chatsite.errors import FAILED_DATABASE, DomainError, is_database_unavailable
from notifications.delivery.replies.receiving import MAIL_BYTES, receive_mail

logger = logging.getLogger(__name__)

TRY_AGAIN: Final = 75  # EX_TEMPFAIL: the mail server keeps the mail and comes back
SECONDS: Final = 60


class Command(BaseCommand):
    help = (
        "Receive one mail from standard input, as from a pipe of a mail server, or with --imap every unseen mail of a "
        "mailbox. A mail that becomes no message is dropped and reported. The command never answers a mail."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--imap", metavar="URL", help="imaps://USER:PASSWORD@HOST[:PORT]/MAILBOX")
        parser.add_argument(
            "--recipient", action="append", default=[], help="an address that the mail server was told"
        )

    def handle(self, *, imap: str | None, recipient: list[str], **options: Any) -> None:
        try:
            if imap is None:
                self.stdout.write(receive_mail(sys.stdin.buffer.read(MAIL_BYTES + 1), envelope=recipient))
            else:
                self._empty_mailbox(imap)
        except (*FAILED_DATABASE, DomainError) as error:
            if not isinstance(error, DomainError) and not is_database_unavailable(error):
                raise
            self.stderr.write(f"try again: {error}")
            raise SystemExit(TRY_AGAIN) from error

    def _empty_mailbox(self, url: str) -> None:
        """Take every mail.

        One that was taken is marked as seen, so the next run takes what an interrupted one has left.

        A mail that fails by itself is marked too, because it would fail again. It does not keep back those behind it.
        """
        with _mailbox(url) as mailbox:
            _, [listed] = mailbox.search(None, "UNSEEN")
            for number in listed.split():
                _, parts = mailbox.fetch(number, "(BODY.PEEK[])")
                raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
                if raw is None:
                    continue
                self.stdout.write(self._take(raw))
                mailbox.store(number, "+FLAGS", "\\Seen")

    def _take(self, raw: bytes) -> str:
        try:
            return receive_mail(raw)
        except Exception as error:
            if isinstance(error, DomainError) or is_database_unavailable(error):
                raise
            logger.exception("a mail in the mailbox cannot be processed")
            return "failed"


@contextmanager
def _mailbox(url: str) -> Iterator[imaplib.IMAP4]:
    parts = urlsplit(url)
    if parts.scheme != "imaps" or not parts.hostname:
        raise CommandError("--imap must be imaps://USER:PASSWORD@HOST[:PORT]/MAILBOX.")
    try:
        # Without a context of ours, imaplib would give the password to whoever answers.
        context = ssl.create_default_context()
        with imaplib.IMAP4_SSL(
            parts.hostname, parts.port or 993, ssl_context=context, timeout=SECONDS
        ) as mailbox:
            mailbox.login(unquote(parts.username or ""), unquote(parts.password or ""))
            mailbox.select(unquote(parts.path.strip("/")) or "INBOX")
            yield mailbox
    except (imaplib.IMAP4.error, OSError) as error:
        raise CommandError(f"The mailbox cannot be read: {error}") from error
