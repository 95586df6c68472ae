"""Read a mail: its sender, its reply address, and whether a program wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from typing import Final
from uuid import UUID

from django.conf import settings

RECIPIENT_HEADERS: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
NOTICE_ID: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
BULK: Final = {"bulk", "list", "junk", "auto_reply"}
AUTOMATIC_HEADERS: Final = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Reply",
    "List-Id",
    "List-Unsubscribe",
    "X-Loop",
)


def parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def addresses(message: EmailMessage, *names: str) -> list[str]:
    """Return the addresses in these headers, in lower case."""
    values = [str(value) for name in names for value in message.get_all(name, [])]
    return [address.lower() for _, address in getaddresses(values) if "@" in address]


def reply_tokens(message: EmailMessage, envelope: Iterable[str] = ()) -> list[str]:
    """Return the part after the `+` of the reply address, in the envelope and in the headers."""
    local, _, domain = settings.MAIL_REPLY_ADDRESS.lower().partition("@")
    found = [*(address.lower() for address in envelope), *addresses(message, *RECIPIENT_HEADERS)]
    start, end = f"{local}+", f"@{domain}"
    return [one[len(start) : -len(end)] for one in found if one.startswith(start) and one.endswith(end)]


def answered_notices(message: EmailMessage) -> list[UUID]:
    """Return the notices whose mails this one answers. Their `Message-ID` is in `In-Reply-To`."""
    return [UUID(found) for found in NOTICE_ID.findall(str(message.get("In-Reply-To", "")))][:5]


def is_automatic(message: EmailMessage) -> bool:
    """Return whether headers say that a program wrote the mail: an auto-responder, a mailing list, a bounce."""
    if str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower() != "no":
        return True
    if str(message.get("Precedence", "")).strip().lower() in BULK:
        return True
    if str(message.get("Return-Path", "")).strip() == "<>":
        return True
    if message.get_content_type() in ("multipart/report", "message/delivery-status"):
        return True
    return any(name in message for name in AUTOMATIC_HEADERS)
