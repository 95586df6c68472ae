"""Distinguish a mail that the server will never accept from one that it may accept later."""

from __future__ import annotations

import smtplib
from collections.abc import Collection
from typing import Final

from anymail.exceptions import AnymailError

# The answers of a provider's API that are about the site or the moment, and not about the mail: no login, no payment,
# a locked account, a timeout, too many requests.
FOR_NOW: Final = (401, 402, 403, 408, 429)


class MailRefused(Exception):
    """The mail server will never accept this mail."""


class MailFailed(Exception):
    """The mail could not be sent this time."""


def failure_of(error: Exception) -> MailRefused | MailFailed | None:
    """Return what an error of a mail backend means; None if it is unknown whether the server accepted the mail."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _by_smtp([code for code, _ in error.recipients.values()], "recipient refused")
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_smtp([error.smtp_code], repr(error.smtp_error))
    status = getattr(error, "status_code", None)  # django-anymail; its errors are also those of a network
    if status is not None and 200 <= status < 300:
        return None  # the provider may have accepted the mail, but its answer cannot be understood
    if status is not None:
        is_final = 400 <= status < 500 and status not in FOR_NOW
        return (MailRefused if is_final else MailFailed)(f"HTTP {status}")
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailRefused(text)  # an address that the server does not understand
    if isinstance(error, (smtplib.SMTPException, OSError)):
        return MailFailed(text)
    if isinstance(error, (AnymailError, ValueError)):
        return MailRefused(text)  # not an address, or one that the provider has blocked
    return None


def _by_smtp(codes: Collection[int], text: str) -> MailRefused | MailFailed:
    return (MailRefused if min(codes) >= 500 else MailFailed)(f"{text}: {', '.join(map(str, codes))}")
