"""Turn a mail into a message, if it is an answer by the person for whom its reply address was created."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from datetime import timedelta
from email.message import EmailMessage
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext

from chatsite.config.limits import limits
from chatsite.errors import DomainError
from chatsite.identity.names import email_of
from chatsite.identity.users import parse_user_key
from chatsite.realtime.user_limit import charge
from conversations.attachments.file_names import clean_name
from conversations.attachments.operations import Upload, store_upload
from conversations.operations import mark_read, send_message
from conversations.requests import SendBody
from notifications.delivery.models import Channel, Notice, ReceivedMail
from notifications.delivery.replies.addresses import read_token
from notifications.delivery.replies.authenticity import is_authentic
from notifications.delivery.replies.files import attached_files
from notifications.delivery.replies.reading import (
    addresses,
    is_automatic,
    parse,
    reply_tokens,
)
from notifications.delivery.replies.repetition import is_repetition, text_digest
from notifications.delivery.replies.text import written_text

logger = logging.getLogger(__name__)

MAIL_BYTES: Final = 35 * 1024 * 1024
MAILS_PER_HOUR: Final = 30  # of one person
FILES: Final = 10
LINE: Final = 400  # characters, about files that cannot be taken
FOR_NOW: Final = ("unavailable", "rate_limited")  # the mail server delivers the mail again later


class Refused(Exception):
    """The mail becomes no message. The reason is one word, for the log and the admin. The sender gets no answer,
    because the answer to a forged mail would reach a person who never wrote.
    """


def receive_mail(raw: bytes, *, envelope: Iterable[str] = (), authentic: bool | None = None) -> str:
    """Process a mail. Return `accepted`, `repeated`, or the reason why it became no message.

    `envelope` has the recipients from the SMTP envelope. `authentic` is the provider's result about the sender; with
    None, `Authentication-Results` decides. If the database is down, or the person is over the limit of all changes,
    this raises the error, and the mail may be delivered again.
    """
    if len(raw) > MAIL_BYTES:
        return "too_large"
    message = parse(raw)
    digest = sha256(str(message.get("Message-ID", "")).strip().encode() or raw).hexdigest()
    if ReceivedMail.objects.filter(pk=digest, outcome="accepted").exists():
        return "repeated"
    row = ReceivedMail(digest=digest, outcome="accepted")
    try:
        _take(row, message, envelope, authentic)
    except Refused as refusal:
        row.outcome = str(refusal)
        ReceivedMail.objects.bulk_create([row], ignore_conflicts=True)
    logger.info("received a mail: %s", row.outcome)
    return row.outcome


def _take(row: ReceivedMail, message: EmailMessage, envelope: Iterable[str], authentic: bool | None) -> None:
    if is_automatic(message):
        raise Refused("automatic")
    user, conversation_id = _addressee(message, envelope)
    row.user = user
    _check_sender(message, user, authentic)
    text = written_text(message)
    files = attached_files(message)
    if not text and not files:
        raise Refused("empty")
    row.text_digest = text_digest(conversation_id, text, [name for name, _ in files])
    _check_rate(row, message, conversation_id)
    try:
        charge(str(user.pk), 1.0 + len(files[:FILES]))
        uploads, left_out = _store_files(user, files)
        if left_out and not (text or uploads):
            raise Refused("no_file")
        room = limits().message_length - len(left_out)
        content = f"{text[: room - 2]}\n\n{left_out}".strip() if left_out else text[:room]
        with transaction.atomic():
            # Because of the client id, a mail that two workers process at the same time becomes one message.
            send_message(
                sender_id=user.pk,
                conversation_id=conversation_id,
                body=SendBody(
                    content=content,
                    client_id=f"mail-{row.digest[:48]}",
                    attachment_ids=uploads,
                ),
                via="email",
            )
            _mark_read(user, conversation_id)
            row.conversation_id = conversation_id
            row.save()  # replace a refused one, because somebody else may have sent it with this Message-ID
    except DomainError as error:
        if error.code in FOR_NOW:
            raise
        raise Refused(error.code) from error


def _store_files(user: Any, files: list[tuple[str, bytes]]) -> tuple[list[str], str]:
    """Store the files. Return the ids of the uploads, and a line about those that cannot be taken."""
    uploads, refused = [], [clean_name(name) for name, _ in files[FILES:]]
    for name, data in files[:FILES]:
        try:
            uploads.append(str(store_upload(user.pk, Upload(io.BytesIO(data), name, len(data))).pk))
        except DomainError as error:
            if error.code in FOR_NOW:
                raise
            refused.append(clean_name(name))
    if not refused:
        return uploads, ""
    with translation.override(settings.LANGUAGE_CODE):
        line = gettext("[Not attached: %(names)s]") % {"names": ", ".join(refused)}
    return uploads, line if len(line) < LINE else f"{line[: LINE - 3]}…]"


def _mark_read(user: Any, conversation_id: UUID) -> None:
    """Mark the messages in the answered mails as read."""
    mails = Notice.objects.filter(user=user, channel=Channel.EMAIL, state=Notice.State.SENT)
    last = mails.filter(covers__has_key=str(conversation_id)).first()
    if last is not None:
        up_to_seq = last.covers[str(conversation_id)]
        mark_read(user_id=user.pk, conversation_id=conversation_id, up_to_seq=up_to_seq)


def _addressee(message: EmailMessage, envelope: Iterable[str]) -> tuple[Any, UUID]:
    """Return the person and the conversation that the reply address was made for."""
    for token in reply_tokens(message, envelope):
        found = read_token(token)
        if found is None:
            continue
        user = get_user_model()._default_manager.filter(pk=parse_user_key(found[0]), is_active=True).first()
        if user is not None:
            return user, found[1]
    raise Refused("unknown_address")


def _check_sender(message: EmailMessage, user: Any, authentic: bool | None) -> None:
    senders = addresses(message, "From")
    if senders != [email_of(user).lower()]:
        raise Refused("wrong_sender")
    if not (is_authentic(message, senders[0]) if authentic is None else authentic):
        raise Refused("not_authentic")


def _check_rate(row: ReceivedMail, message: EmailMessage, conversation_id: UUID) -> None:
    now = timezone.now()
    taken = ReceivedMail.objects.filter(user=row.user, outcome="accepted")
    if taken.filter(received_at__gt=now - timedelta(hours=1)).count() >= MAILS_PER_HOUR:
        raise Refused("rate_limited")
    if is_repetition(row, message, conversation_id, now):
        raise Refused("same_text")
