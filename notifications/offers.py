"""Offers in a conversation. A member makes them, the customer answers them.

An offer and its system message change in one transaction under the conversation's lock. Concurrent answers therefore
settle an offer only once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.identity.bidi import isolate
from chatsite.realtime.user_limit import charge
from conversations.access import UserId, find_conversation, require_open
from conversations.block_rules import is_blocked, require_unblocked
from conversations.models import Conversation, Membership, Side
from conversations.validation import clean_client_id, clean_required, clean_text
from conversations.writing.conversation_change import ConversationChange, change_conversations
from conversations.writing.sends import append_system_message
from notifications import access, operations, types
from notifications.currencies import MINOR_DIGITS, amount_text
from notifications.inbox import lock_inboxes
from notifications.models import Offer
from notifications.money import TEXTS, amount_with_currency
from notifications.serializers import DESCRIPTION_LENGTH, MOST_MINOR, TITLE_LENGTH, offer_data

LONGEST: Final = timedelta(days=366)
RECENT: Final = timedelta(hours=1)
MOST_RECENT: Final = 30  # offers in one conversation within `RECENT`
CHARGE: Final = 10.0  # what an operation that notifies others takes from the user's rate limit

PENDING, EXPIRED = Offer.Status.PENDING, Offer.Status.EXPIRED
ACCEPTED, DECLINED, WITHDRAWN = Offer.Status.ACCEPTED, Offer.Status.DECLINED, Offer.Status.WITHDRAWN


def _dedupe_key(offer: Offer) -> str:
    """Return the `dedupe_key` of the customer's notification."""
    return f"offer:{offer.pk}"


# --- Making -----------------------------------------------------------------------------------------------------------


def make_offer(
    *,
    author_id: UserId,
    conversation_id: str | UUID,
    title: str,
    amount_minor: int,
    currency: str,
    expires_at: datetime,
    description: str = "",
    client_id: str | None = None,
) -> tuple[Offer, bool]:
    """Make an offer to the customer of the conversation as a member of the business. Return `(offer, created)`.

    If the author has used the `client_id` in the conversation before, return the stored offer.
    """
    charge(str(author_id), CHARGE)
    client_id = clean_client_id(client_id)
    offer = Offer(
        author_id=author_id,
        client_id=client_id,
        title=_clean_title(title),
        description=clean_text(description.strip(), field="description", limit=DESCRIPTION_LENGTH),
        amount_minor=_clean_amount(amount_minor),
        currency=_clean_currency(currency),
    )
    with change_conversations() as change:
        conversation, side = find_conversation(author_id, conversation_id)
        access.require_offer_side(side, Side.BUSINESS)
        if not access.lock_member(author_id, conversation.business_id):
            raise not_found("conversation")
        [offer.conversation] = change.lock([conversation.pk])
        known = _find_made(offer)
        if known is not None:
            return known, False
        _store_offer(change, offer, expires_at)
    return offer, True


def _store_offer(change: ConversationChange, offer: Offer, expires_at: datetime) -> None:
    """Store a new offer in its locked conversation, and notify the customer."""
    offer.created_at = timezone.now()
    offer.expires_at = _clean_expiry(expires_at, offer.created_at)
    require_open(offer.conversation)
    require_unblocked(offer.conversation, offer.author_id)
    _check_recent(offer.conversation)
    offer.save(force_insert=True)
    append_system_message(change, offer.conversation, _line(offer))
    _notify(offer, offer.conversation.customer_id, _dedupe_key(offer))


def _check_recent(conversation: Conversation) -> None:
    """Limit how many offers a business can make in one conversation."""
    since = timezone.now() - RECENT
    made = Offer.objects.filter(conversation=conversation, created_at__gt=since)
    times = list(made.order_by("-created_at").values_list("created_at", flat=True)[:MOST_RECENT])
    if len(times) == MOST_RECENT:
        wait = (times[-1] - since).total_seconds()
        message = "This conversation has had too many offers in the last hour. Try again later."
        raise DomainError("rate_limited", message, {"retryAfter": round(wait, 3)})


def _find_made(offer: Offer) -> Offer | None:
    if offer.client_id is None:
        return None
    of_author = Offer.objects.filter(conversation=offer.conversation, author_id=offer.author_id)
    return of_author.select_related("conversation").filter(client_id=offer.client_id).first()


def _clean_title(title: str) -> str:
    return clean_required(title.strip(), field="title", limit=TITLE_LENGTH)


def _clean_amount(amount_minor: int) -> int:
    if not 0 < amount_minor <= MOST_MINOR:
        raise invalid(f"amountMinor must be from 1 to {MOST_MINOR}.", field="amountMinor")
    return amount_minor


def _clean_currency(currency: str) -> str:
    if currency not in MINOR_DIGITS:
        raise invalid("currency must be an active ISO 4217 code, such as EUR.", field="currency")
    return currency


def _clean_expiry(expires_at: datetime, now: datetime) -> datetime:
    if expires_at.tzinfo is None or not now < expires_at <= now + LONGEST:
        raise invalid(
            "expiresAt must be a time within the next 366 days, with a time zone.", field="expiresAt"
        )
    return expires_at.astimezone(UTC)


# --- Answers ----------------------------------------------------------------------------------------------------------


def accept_offer(*, user_id: UserId, offer_id: str | UUID) -> Offer:
    """Accept the offer as the customer. Repeating changes nothing."""
    return _settle(user_id, offer_id, ACCEPTED)


def decline_offer(*, user_id: UserId, offer_id: str | UUID) -> Offer:
    """Decline the offer as the customer. Repeating changes nothing."""
    return _settle(user_id, offer_id, DECLINED)


def withdraw_offer(*, user_id: UserId, offer_id: str | UUID) -> Offer:
    """Withdraw the offer as a member of the business. Repeating changes nothing."""
    charge(str(user_id), CHARGE)
    return _settle(user_id, offer_id, WITHDRAWN)


def _settle(user_id: UserId, offer_id: str | UUID, status: str) -> Offer:
    with change_conversations() as change:
        seen, side = access.find_offer(user_id, offer_id)
        access.require_offer_side(side, Side.BUSINESS if status == WITHDRAWN else Side.CUSTOMER)
        is_valid = status != ACCEPTED or access.lock_member(seen.author_id, seen.conversation.business_id)
        [conversation] = change.lock([seen.conversation_id])
        offer = Offer.objects.select_for_update().get(pk=seen.pk)
        offer.conversation = conversation
        if offer.status == PENDING:
            now = timezone.now()
            if offer.expires_at <= now:
                _expire(change, offer, now)
            elif not is_valid:
                _withdraw(change, offer, now)
            else:
                require_open(conversation)
                if status != WITHDRAWN:
                    require_unblocked(conversation, user_id)
                _save(offer, status, now)
                _announce_end(change, offer, user_id)
    # Raise after the transaction, so that the error does not roll back an expiry or a withdrawal.
    if offer.status != status:
        raise DomainError("conflict", f"The offer is {offer.status}.", {"status": str(offer.status)})
    return offer


def expire_offer(offer_id: UUID) -> bool:
    """Expire an offer that nobody answered in time and notify both sides. Return whether it changed."""
    pending = Offer.objects.filter(pk=offer_id, status=PENDING)
    conversation_id = pending.values_list("conversation_id", flat=True).first()
    if conversation_id is None:
        return False
    with change_conversations([conversation_id]) as change:
        now = timezone.now()
        offer = pending.select_for_update().filter(expires_at__lte=now).first()
        if offer is None:
            return False  # somebody answered while this waited for the lock
        offer.conversation = change.conversations[conversation_id]
        _expire(change, offer, now)
    return True


def _expire(change: ConversationChange, offer: Offer, now: datetime) -> None:
    _save(offer, EXPIRED, now)
    _announce_end(change, offer, None)


def withdraw_after_lost_membership(author_id: UserId, business_id: UUID | None = None) -> None:
    """Withdraw the user's open offers for businesses that the user is no longer a member of.

    Checks one business or all. Runs in the transaction that ends the membership, with the user or membership locked.
    """
    pending = Offer.objects.filter(author_id=author_id, status=PENDING)
    joined = Membership.objects.filter(user_id=author_id, user__is_active=True)
    pending = pending.exclude(conversation__business__in=joined.values("business"))
    if business_id is not None:
        pending = pending.filter(conversation__business_id=business_id)
    with change_conversations() as change:
        change.lock(set(pending.order_by().values_list("conversation_id", flat=True)))
        offers = list(pending.select_for_update(of=("self",)).order_by("pk"))
        for offer in offers:
            offer.conversation = change.conversations[offer.conversation_id]
        lock_inboxes({user for offer in offers for user in _recipients(offer)})
        now = timezone.now()
        for offer in offers:
            _withdraw(change, offer, now)


def _withdraw(change: ConversationChange, offer: Offer, now: datetime) -> None:
    _save(offer, WITHDRAWN, now)
    _announce_end(change, offer, None)


def _recipients(offer: Offer) -> set[UserId]:
    return {offer.conversation.customer_id, *_business_side(offer)}


def _save(offer: Offer, status: str, now: datetime) -> None:
    offer.status, offer.answered_at = status, now
    offer.save(update_fields=["status", "answered_at"])


def _announce_end(change: ConversationChange, offer: Offer, ended_by: UserId | None) -> None:
    """Add a system message, unless the conversation is frozen, and notify everybody but the person who ended the offer.

    `ended_by` is None if the offer has expired or its author has lost the right to make it. A customer who blocks the
    business, the author or that person gets neither.
    """
    customer_id = offer.conversation.customer_id
    recipients = _recipients(offer) - {ended_by}
    blocked = any(is_blocked(offer.conversation, user_id) for user_id in (offer.author_id, ended_by))
    if blocked and ended_by != customer_id:
        recipients.discard(customer_id)
    elif offer.conversation.frozen_at is None:
        append_system_message(change, offer.conversation, _line(offer))
    lock_inboxes({customer_id, *recipients})
    operations.mark_answered(recipient_id=customer_id, dedupe_key=_dedupe_key(offer))
    for user_id in recipients:
        _notify(offer, user_id, f"{_dedupe_key(offer)}:{offer.status}")


def _business_side(offer: Offer) -> set[UserId]:
    """Return the offer's author, or the owners if the author has left the business or is suspended."""
    members = Membership.objects.filter(business_id=offer.conversation.business_id, user__is_active=True)
    if offer.author_id is not None and members.filter(user_id=offer.author_id).exists():
        return {offer.author_id}
    return set(members.filter(role=Membership.Role.OWNER).values_list("user_id", flat=True))


# --- Both -------------------------------------------------------------------------------------------------------------


def _notify(offer: Offer, user_id: UserId, dedupe_key: str) -> None:
    operations.notify(
        recipient_id=user_id, type=types.OFFER.name, data=offer_data(offer), dedupe_key=dedupe_key
    )


def _line(offer: Offer) -> str:
    """Return the text of the system message in the conversation."""
    amount = amount_text(offer.amount_minor, offer.currency)
    what = f"{isolate(offer.title)}, {amount_with_currency(amount, offer.currency, TEXTS)}"
    if offer.status == PENDING:
        return f"Offer: {what}. Valid until {offer.expires_at:%Y-%m-%d %H:%M} UTC."
    return f"Offer {offer.status}: {what}."
