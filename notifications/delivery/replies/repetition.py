"""Recognise auto-responders that do not identify themselves: they answer every mail at once, with the same text."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from hashlib import sha256
from typing import Final
from uuid import UUID

from notifications.delivery.models import Channel, Notice, ReceivedMail
from notifications.delivery.replies.reading import answered_notices

ONCE_PER: Final = timedelta(days=1)
AT_ONCE: Final = timedelta(minutes=5)  # within which an auto-responder answers
LONG: Final = 60  # characters of a text in which an auto-responder may put a number
_HALF: Final = 32  # hexadecimal digits


def text_digest(conversation_id: UUID, text: str, names: list[str]) -> str:
    """Return two digests in one text: of a mail as it is, and without its numbers.

    The second one is the same for all mails of an auto-responder whose text has the number of a ticket, or a time.
    """
    words = text.split()
    if len(text) >= LONG:
        words = [word for word in words if not any(letter.isdigit() for letter in word)]
    return _digest(conversation_id, text, names) + _digest(conversation_id, " ".join(words), names)


def _digest(conversation_id: UUID, text: str, names: list[str]) -> str:
    return sha256(f"{conversation_id} {text} {names}".encode()).hexdigest()[:_HALF]


def is_repetition(row: ReceivedMail, message: EmailMessage, conversation_id: UUID, now: datetime) -> bool:
    """Return whether an auto-responder may have written the mail, which said the same within a day.

    A person may write the same again as an answer to a later mail, for example "Yes", or correct a number in a long
    text. Neither happens within moments of the answered mail.
    """
    earlier = ReceivedMail.objects.filter(
        user=row.user, outcome="accepted", received_at__gt=now - ONCE_PER
    ).order_by("-received_at")
    answered_at = _time_of_answered_mail(row, message, conversation_id) or now
    is_at_once = answered_at > now - AT_ONCE
    same = earlier.filter(text_digest=row.text_digest).first()
    if same is not None:
        return is_at_once or answered_at <= same.received_at
    return is_at_once and earlier.filter(text_digest__endswith=row.text_digest[_HALF:]).exists()


def _time_of_answered_mail(
    row: ReceivedMail, message: EmailMessage, conversation_id: UUID
) -> datetime | None:
    """Return when the answered mail was sent: by its id, or the latest one, because some providers replace the id."""
    mails = Notice.objects.filter(user=row.user, channel=Channel.EMAIL, state=Notice.State.SENT)
    named = mails.filter(pk__in=answered_notices(message))
    found = named if named.exists() else mails.filter(covers__has_key=str(conversation_id))
    return found.order_by("-finished_at").values_list("finished_at", flat=True).first()
