"""Send pushes. Each job is one push to one browser. Whether to send it is decided again when it is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from chatsite.background.jobs import RetryLater, enqueue, job
from chatsite.config.queues import DELIVERY_QUEUE, SLOW_PUSH_QUEUE
from chatsite.http.endpoint_pace import timeout_of
from chatsite.http.outgoing import OutgoingFailed, OutgoingRefused, OutgoingResponse, post
from conversations.models import Conversation, Membership
from notifications.delivery.addresses import subscriptions_of
from notifications.delivery.decisions import Skip, Wait, circumstances_of, decide
from notifications.delivery.models import Channel, Notice, PushSubscription
from notifications.delivery.notices import abandon_notice, claim, find_pending, finish, release_claim
from notifications.delivery.preferences import Preferences
from notifications.delivery.push import base64url
from notifications.delivery.push.content import close_content, message_content, tag_of
from notifications.delivery.push.encryption import encrypt
from notifications.delivery.push.subscriptions import note_pace
from notifications.delivery.push.vapid import authorization
from notifications.delivery.unread import (
    fresh_messages,
    has_unread,
    lock_progress,
    readers,
    wanted_messages,
)

TTL: Final = 24 * 3600  # seconds for which the push service keeps a push for a browser that is not running
SHOWN_FOR: Final = timedelta(days=1)  # after a push, for which it is withdrawn
GIVE_UP: Final = timedelta(hours=24)
ATTEMPTS: Final = 60
APPLE: Final = "https://web.push.apple.com/"  # ends subscriptions that get pushes which show nothing

State = Notice.State


@job(queue=DELIVERY_QUEUE, attempts=ATTEMPTS, given_up=abandon_notice)
def send_push(notice_id: str) -> None:
    deliver(notice_id, timezone.now())


@job(queue=SLOW_PUSH_QUEUE, attempts=ATTEMPTS, given_up=abandon_notice)
def send_push_slowly(notice_id: str) -> None:
    """Send the push to a push service that answers slowly, without delaying the others."""
    deliver(notice_id, timezone.now(), slowly=True)


def deliver(notice_id: str, now: datetime, *, slowly: bool = False) -> None:
    """Send the push, unless there is no longer a reason to. Raises `RetryLater`."""
    notice = find_pending(notice_id, now)
    if notice is None:
        return
    if notice.subscription is None:
        finish(notice, State.FAILED, "gone", now)
    elif notice.subscription.is_slow and not slowly:
        enqueue(send_push_slowly, notice_id)
    else:
        _deliver(notice, notice.subscription, now)


def _deliver(notice: Notice, device: PushSubscription, now: datetime) -> None:
    assert notice.conversation_id is not None
    conversation = Conversation.objects.select_related("business", "customer", "team_state").get(
        pk=notice.conversation_id
    )
    side = "customer" if conversation.customer_id == notice.user_id else "business"
    people = readers([conversation])[conversation.pk, side]
    user = next((person for person in people if person.pk == notice.user_id), None)
    if user is None:
        finish(notice, State.SKIPPED, _reason_to_leave_out(notice, conversation), now)
        return
    spot = (conversation.pk, side, 0)
    fresh = fresh_messages([spot], [conversation]).get(spot)
    known = circumstances_of([user], [conversation], now)
    if device not in known.addresses.devices_of(user):
        finish(notice, State.FAILED, "gone", now)
        return
    decision = decide(known, Channel.PUSH, user, conversation, fresh)
    if isinstance(decision, Skip):
        finish(notice, State.SKIPPED, decision.reason, now)
    elif isinstance(decision, Wait):
        enqueue(send_push, str(notice.pk), delay=decision.until - now)
    elif fresh is not None:
        content = _content(user, conversation, side, known.preferences_of(user, conversation))
        if content is None:
            finish(notice, State.SKIPPED, "read", now)
        elif _claim(notice, conversation, fresh.last_seq, now):
            _post(notice, device, content, tag_of(conversation.pk), now)


def _content(user: Any, conversation: Conversation, side: str, preferences: Preferences) -> bytes | None:
    """Return the content about the newest unread message, or None if it has been read meanwhile."""
    wanted = wanted_messages(conversation, side, above=0)
    newest = wanted.order_by("-seq").first()
    if newest is None:
        return None
    number = 1 if preferences.push_content else wanted.count()  # only a push without content shows it
    return message_content(user, conversation, newest, number, preferences)


def _reason_to_leave_out(notice: Notice, conversation: Conversation) -> str:
    """Return why the person is not one of the people to notify."""
    member = Membership.objects.filter(business_id=conversation.business_id, user_id=notice.user_id)
    return "assigned" if notice.user.is_active and member.exists() else "suspended"


@transaction.atomic
def _claim(notice: Notice, conversation: Conversation, last_seq: int, now: datetime) -> bool:
    """Claim the notice. It may include later messages than the check saw, which then need no separate push."""
    if not claim(notice, {str(conversation.pk): last_seq}, now):
        return False
    key = (notice.user_id, conversation.pk)
    progress = lock_progress([key])[key]
    if progress.push_seq < last_seq:
        progress.push_seq = last_seq
        progress.save(update_fields=["push_seq"])
    return True


def _post(notice: Notice, device: PushSubscription, content: bytes, topic: str, now: datetime) -> None:
    try:
        answer = post_content(device, content, topic, now)
    except OutgoingRefused as error:
        finish(notice, State.FAILED, "refused", now, str(error))
        return
    except OutgoingFailed as error:
        _try_again(notice, now, str(error), None)
    else:
        _settle(notice, device, answer, now)


def _settle(notice: Notice, device: PushSubscription, answer: OutgoingResponse, now: datetime) -> None:
    if 200 <= answer.status < 300:
        finish(notice, State.SENT, "sent", now)
    elif answer.status in (404, 410):
        finish(notice, State.FAILED, "gone", now)
        device.delete()
    elif answer.status == 429 or answer.status >= 500:
        _try_again(notice, now, f"HTTP {answer.status}", _retry_after(answer))
    else:
        finish(notice, State.FAILED, "refused", now, f"HTTP {answer.status}")


def _try_again(notice: Notice, now: datetime, detail: str, seconds: float | None) -> None:
    if now - notice.created_at > GIVE_UP:
        finish(notice, State.FAILED, "unreachable", now, detail)
        return
    if release_claim(notice, now):
        raise RetryLater(f"the push service refused the push: {detail}", seconds)


def _retry_after(answer: OutgoingResponse) -> float | None:
    given = answer.headers.get("retry-after", "")
    is_number = given.isascii() and given.isdigit() and len(given) < 9
    return min(float(given), 3600.0) or None if is_number else None  # 0 says nothing


def post_content(device: PushSubscription, content: bytes, topic: str, now: datetime) -> OutgoingResponse:
    """Send the encrypted content to the browser's push service."""
    body = encrypt(
        content,
        browser_key=base64url.decode(device.p256dh.rstrip("=")),
        auth_secret=base64url.decode(device.auth.rstrip("=")),
    )
    headers = {
        "Authorization": authorization(device.endpoint, now),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(TTL),
        "Topic": topic,
        "Urgency": "high",
    }
    began = monotonic()
    try:
        return post(device.endpoint, body, headers, seconds=timeout_of(is_slow=device.is_slow))
    finally:
        note_pace(device, monotonic() - began)


def _expect_withdrawal(device: PushSubscription, conversation: Conversation, now: datetime) -> None:
    """Let `withdraw_read_pushes` find the pushes once more, after the person has read the later messages too.

    A push about these may replace the one that is shown. But if the person reads them first, there is no such push.
    """
    shown = Notice.objects.filter(subscription=device, conversation=conversation, state=State.SENT)
    shown.filter(channel=Channel.PUSH, created_at__gt=now - SHOWN_FOR).update(withdrawn_at=None)


@job(queue=DELIVERY_QUEUE, attempts=3)
def withdraw_push(subscription_id: str, conversation_id: str) -> None:
    """Remove a notification that a browser shows, because the person has read the conversation elsewhere."""
    _withdraw(subscription_id, conversation_id, slowly=False)


@job(queue=SLOW_PUSH_QUEUE, attempts=3)
def withdraw_push_slowly(subscription_id: str, conversation_id: str) -> None:
    """Do the same with a push service that answers slowly, without delaying the others."""
    _withdraw(subscription_id, conversation_id, slowly=True)


def _withdraw(subscription_id: str, conversation_id: str, *, slowly: bool) -> None:
    device = PushSubscription.objects.select_related("user").filter(pk=subscription_id).first()
    conversation = Conversation.objects.filter(pk=conversation_id).first()
    if device is None or conversation is None or device.endpoint.startswith(APPLE):
        return
    if device.is_slow and not slowly:
        enqueue(withdraw_push_slowly, subscription_id, conversation_id)
        return
    if has_unread(conversation, device.user_id):
        _expect_withdrawal(device, conversation, timezone.now())
        return
    if device not in subscriptions_of([device.user])[device.user_id]:
        return
    content, topic = close_content(device.user, conversation), tag_of(conversation.pk)
    try:
        answer = post_content(device, content, topic, timezone.now())
    except OutgoingRefused:
        return
    except OutgoingFailed as error:
        raise RetryLater(str(error)) from error
    if answer.status in (404, 410):
        device.delete()
    elif answer.status == 429 or answer.status >= 500:
        raise RetryLater(f"HTTP {answer.status}", _retry_after(answer))
