"""Send mails: one to a person about everything that is unread. The content is decided when it is sent."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.mail import get_connection
from django.core.mail.message import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from chatsite.background.jobs import RetryLater, job
from chatsite.config.queues import MAIL_QUEUE
from conversations.access import UserId
from conversations.models import Conversation
from notifications.delivery.decisions import Send, Skip, Wait, circumstances_of, decide
from notifications.delivery.mail.composing import SECTIONS, SHOWN, Section, compose
from notifications.delivery.mail.failures import MailFailed, MailRefused, failure_of
from notifications.delivery.models import Channel, Notice, Progress
from notifications.delivery.notices import abandon_notice, claim, find_pending, finish, release_claim
from notifications.delivery.preferences import preferences_of
from notifications.delivery.unread import (
    Fresh,
    colleagues_are_notified,
    fresh_messages,
    lock_progress,
    unread_sides_of,
    wanted_messages,
)

logger = logging.getLogger(__name__)

GIVE_UP: Final = timedelta(hours=24)
ATTEMPTS: Final = 60
CONVERSATIONS: Final = 200  # conversations to read for one mail

State = Notice.State


@job(queue=MAIL_QUEUE, attempts=ATTEMPTS, given_up=abandon_notice)
def send_mail(notice_id: str) -> None:
    deliver(notice_id, timezone.now())


def deliver(notice_id: str, now: datetime) -> None:
    """Send the mail, unless there is no longer a reason to. Raises `RetryLater`."""
    notice = find_pending(notice_id, now)
    if notice is None:
        return
    sections, reason = unread_sections(notice.user, now)
    if reason is not None:
        finish(notice, State.SKIPPED, reason, now)
        return
    if not sections:
        notice.delete()  # too early; the next check creates another one
        return
    locale = preferences_of(notice.user.pk, sections[0].conversation.business_id).locale
    send_once(notice, sections, compose(notice, sections, locale), now)


def send_once(notice: Notice, sections: list[Section], mail: EmailMultiAlternatives, now: datetime) -> None:
    """Claim the notice and hand the mail to the server. Raises `RetryLater`."""
    connection = get_connection()
    try:
        _open(connection)
    except MailFailed as error:
        _try_again(notice, now, str(error))
        return
    try:
        before = _claim(notice, sections, now)
        if before is not None:
            _hand_to_server(notice, connection, mail, before, now)
    finally:
        _close(connection)


def unread_sections(user: Any, now: datetime) -> tuple[list[Section], str | None]:
    """Return the sections of the mail, or the reason to skip it. Neither if it is only too early.

    Once one conversation is due, the mail is about all that is unread, so that no second mail follows it.
    """
    sides = unread_sides_of(user.pk, CONVERSATIONS) if user.is_active else []
    conversations = [row for row, _ in sides]
    known = circumstances_of([user], conversations, now)
    mailed = _mailed_seqs(user.pk, [row.pk for row in conversations])
    spots = {row.pk: (row.pk, side, mailed.get(row.pk, 0)) for row, side in sides}
    found = fresh_messages(spots.values(), conversations)
    fresh = {key: found.get(spot) for key, spot in spots.items()}
    decisions = [decide(known, Channel.EMAIL, user, row, fresh[row.pk]) for row in conversations]
    if any(isinstance(decision, Send) for decision in decisions):
        told = [
            (row, side, mailed.get(row.pk, 0), fresh[row.pk])
            for row, side in sides
            if isinstance(decide(known, Channel.EMAIL, user, row, fresh[row.pk], early=True), Send)
        ]
        return _sections(told), None
    if any(isinstance(decision, Wait) for decision in decisions):
        return [], None
    reasons = [decision.reason for decision in decisions if isinstance(decision, Skip)]
    reason = next((reason for reason in reasons if reason != "read"), None)
    return [], reason or _reason_without_sections(user)


def _sections(told: list[tuple[Conversation, str, int, Fresh | None]]) -> list[Section]:
    """Return the sections. Only those that the mail shows have messages, and of these only the last ones."""
    found: list[Section] = []
    for conversation, side, above, fresh in told:
        if len(found) >= SECTIONS and fresh is not None and fresh.last_wanted_seq is not None:
            found.append(Section(conversation, side, fresh.last_wanted_seq, [], 0))
            continue
        wanted = wanted_messages(conversation, side, above)
        messages = list(wanted.order_by("-seq")[:SHOWN])[::-1]
        if messages:  # unless they have been read meanwhile
            hidden = wanted.filter(seq__lt=messages[0].seq).count() if len(messages) == SHOWN else 0
            found.append(Section(conversation, side, messages[-1].seq, messages, hidden))
    return found


def _reason_without_sections(user: Any) -> str:
    if not user.is_active:
        return "suspended"
    return "assigned" if colleagues_are_notified(user.pk) else "read"


def _mailed_seqs(user_id: UserId, conversation_ids: list[Any]) -> dict[Any, int]:
    rows = Progress.objects.filter(user_id=user_id, conversation_id__in=conversation_ids)
    return dict(rows.values_list("conversation_id", "email_seq"))


@transaction.atomic
def _claim(notice: Notice, sections: list[Section], now: datetime) -> dict[int, int] | None:
    """Claim the notice, and record its messages. Return the earlier progress, or None if another worker has it."""
    covers = {str(section.conversation.pk): section.last_seq for section in sections}
    if not claim(notice, covers, now):
        return None
    before: dict[int, int] = {}
    for (_, key), progress in lock_progress(
        {(notice.user_id, section.conversation.pk) for section in sections}
    ).items():
        before[progress.pk] = progress.email_seq
        progress.email_seq = max(progress.email_seq, covers[str(key)])
        progress.save(update_fields=["email_seq"])
    return before


def _hand_to_server(
    notice: Notice, connection: Any, mail: EmailMultiAlternatives, before: dict[int, int], now: datetime
) -> None:
    try:
        _send(connection, mail)
    except MailRefused as error:
        finish(notice, State.FAILED, "refused", now, str(error))
    except MailFailed as error:
        with transaction.atomic():
            for key, seq in before.items():
                Progress.objects.filter(pk=key).update(email_seq=seq)
            release_claim(notice, now)
        _try_again(notice, now, str(error))
    else:
        finish(notice, State.SENT, "sent", now)


def _try_again(notice: Notice, now: datetime, detail: str) -> None:
    if now - notice.created_at > GIVE_UP:
        finish(notice, State.FAILED, "unreachable", now, detail)
        return
    raise RetryLater(f"the mail server refused the mail: {detail}")


def _open(connection: Any) -> None:
    """Connect before the mail is claimed, so that it is not claimed while the server is down."""
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        raise MailFailed(f"{type(error).__name__}: {error}") from error


def _send(connection: Any, mail: EmailMultiAlternatives) -> None:
    mail.connection = connection
    try:
        mail.send()
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise failure from error


def _close(connection: Any) -> None:
    """Close the connection. The server has answered by then, so a failure here changes nothing."""
    try:
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        logger.info("the connection to the mail server was not closed properly: %s", error)
