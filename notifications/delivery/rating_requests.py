"""Ask a customer who is away for a rating by mail, once for each episode."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chatsite.background.jobs import enqueue, job
from chatsite.config.queues import DELIVERY_QUEUE, MAIL_QUEUE
from conversations.models import Conversation, Episode
from conversations.team.reports.csat import rating_asked
from notifications.delivery import attention
from notifications.delivery.addresses import is_set_up
from notifications.delivery.decisions import Decision, Skip, Wait
from notifications.delivery.mail.rating_decision import decide_about_rating, find_episode
from notifications.delivery.mail.rating_request import compose_rating_request
from notifications.delivery.mail.sending import ATTEMPTS, send_once
from notifications.delivery.models import Channel, Notice
from notifications.delivery.notices import abandon_notice, find_pending, finish, record_skip
from notifications.delivery.preferences import preferences_of


@job(queue=DELIVERY_QUEUE)
def consider_rating_mail(episode_id: str, is_later: bool = False) -> None:
    consider(episode_id, is_later=is_later)


@transaction.atomic
def consider(episode_id: str, *, is_later: bool, ahead: timedelta = timedelta()) -> None:
    """Create the mail, decide again later, or skip it. A call after the mail was created or skipped does nothing."""
    now = timezone.now() + ahead
    if not Episode.objects.select_for_update().filter(pk=episode_id).exists():
        return
    if Notice.objects.filter(episode_id=episode_id).exists():
        return
    episode = find_episode(episode_id)
    customer = episode.conversation.customer
    decision: Decision = decide_about_rating(episode, now)
    if not is_later and attention.attentive_users([str(customer.pk)]):
        decision = Skip("read")  # the card in the conversation is enough
    if isinstance(decision, Wait):
        enqueue(consider_rating_mail, episode_id, True, delay=decision.until - now)
        return
    if isinstance(decision, Skip):
        notice = record_skip(customer.pk, Channel.EMAIL, episode.conversation_id, decision.reason, now)
        notice.episode = episode
        notice.save()
        return
    notice = Notice(
        user=customer,
        channel=Channel.EMAIL,
        conversation=episode.conversation,
        episode=episode,
        created_at=now,
    )
    notice.save()
    enqueue(send_rating_mail, str(notice.pk))


@job(queue=MAIL_QUEUE, attempts=ATTEMPTS, given_up=abandon_notice)
def send_rating_mail(notice_id: str) -> None:
    deliver(notice_id, timezone.now())


def deliver(notice_id: str, now: datetime) -> None:
    """Send the mail, unless there is no longer a reason to. Raises `RetryLater`."""
    notice = find_pending(notice_id, now)
    if notice is None or notice.episode_id is None:
        return
    episode = find_episode(notice.episode_id)
    decision = decide_about_rating(episode, now)
    if isinstance(decision, Wait):
        _decide_later(notice, episode, decision.until - now)
    elif isinstance(decision, Skip):
        finish(notice, Notice.State.SKIPPED, decision.reason, now)
    else:
        locale = preferences_of(notice.user.pk, episode.business_id).locale
        send_once(notice, [], compose_rating_request(notice, episode, locale), now)


@transaction.atomic
def _decide_later(notice: Notice, episode: Episode, delay: timedelta) -> None:
    """Decide again later, in a new job, because the attempts of this job are for failures of the mail server."""
    notice.delete()
    enqueue(consider_rating_mail, str(episode.pk), True, delay=delay)


def consider_later(conversation: Conversation, episode_id: UUID) -> None:
    if is_set_up(Channel.EMAIL):
        enqueue(consider_rating_mail, str(episode_id))


rating_asked.append(consider_later)
