"""Offers in a conversation: made by a member, answered by the customer.

An offer and what the conversation shows of it change in one transaction, under the conversation's lock, which is taken
before anything else. So an offer is settled once, whoever comes at the same time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.identity.bidi import isolate
from chatsite.realtime.user_limit import charge
from conversations.access import UserId, find_conversation
from conversations.models import Conversation, Membership, Side
from conversations.operations import clean_client_id, storable
from conversations.writing.conversation_change import ConversationChange, change_conversations
from conversations.writing.sends import append_system_message
from notifications import access, operations, types
from notifications.currencies import MINOR_DIGITS, amount_text
from notifications.inbox import lock_inboxes
from notifications.models import Offer
from notifications.serializers import offer_data

TITLE_LENGTH: Final = 200
DESCRIPTION_LENGTH: Final = 4_000
MOST: Final = 2**53 - 1  # the largest amount that JavaScript counts exactly
LONGEST: Final = timedelta(days=366)
RECENT: Final = timedelta(hours=1)
MOST_RECENT: Final = 30  # offers in one conversation within `RECENT`
CHARGE: Final = 10.0  # drawn from the user's limit by what notifies somebody else

PENDING, EXPIRED = Offer.Status.PENDING, Offer.Status.EXPIRED
ACCEPTED, DECLINED, WITHDRAWN = Offer.Status.ACCEPTED, Offer.Status.DECLINED, Offer.Status.WITHDRAWN


def _told(offer: Offer) -> str:
    """The key under which the customer was told of it."""
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
    """Offer something to the customer of the conversation: `(offer, created)`. Only a member of the business may.

    A `client_id` that the author has used in the conversation answers the stored offer again.
    """
    charge(str(author_id), CHARGE)
    client_id = clean_client_id(client_id)
    offer = Offer(
        author_id=author_id,
        client_id=client_id,
        title=_clean_text("title", title, TITLE_LENGTH, required=True),
        description=_clean_text("description", description, DESCRIPTION_LENGTH),
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
        offer.created_at = timezone.now()
        offer.expires_at = _clean_expiry(expires_at, offer.created_at)
        _require_open(offer.conversation)
        _check_recent(offer.conversation)
        offer.save(force_insert=True)
        append_system_message(change, offer.conversation, _line(offer))
        _notify(offer, offer.conversation.customer_id, _told(offer))
    return offer, True


def _check_recent(conversation: Conversation) -> None:
    """A business cannot bother a customer by making and withdrawing offers over and over."""
    since = timezone.now() - RECENT
    made = Offer.objects.filter(conversation=conversation, created_at__gt=since)
    times = list(made.order_by("-created_at").values_list("created_at", flat=True)[:MOST_RECENT])
    if len(times) == MOST_RECENT:
        wait = (times[-1] - since).total_seconds()
        message = "There were many offers in this conversation within the hour. Try again later."
        raise DomainError("rate_limited", message, {"retryAfter": round(wait, 3)})


def _find_made(offer: Offer) -> Offer | None:
    if offer.client_id is None:
        return None
    of_author = Offer.objects.filter(conversation=offer.conversation, author_id=offer.author_id)
    return of_author.select_related("conversation").filter(client_id=offer.client_id).first()


def _clean_text(field: str, text: str, limit: int, *, required: bool = False) -> str:
    text = text.strip()
    if required and not text:
        raise invalid(f"An offer needs a {field}.", field=field)
    if len(text) > limit:
        raise DomainError("too_large", f"At most {limit} characters.", {"field": field, "limit": limit})
    if not storable(text):
        raise invalid("A character cannot be stored.", field=field)
    return text


def _clean_amount(amount_minor: int) -> int:
    if not 0 < amount_minor <= MOST:
        raise invalid(f"amountMinor must be from 1 to {MOST}.", field="amountMinor")
    return amount_minor


def _clean_currency(currency: str) -> str:
    if currency not in MINOR_DIGITS:
        raise invalid("currency must be an active code of ISO 4217, such as EUR.", field="currency")
    return currency


def _clean_expiry(expires_at: datetime, now: datetime) -> datetime:
    if expires_at.tzinfo is None or not now < expires_at <= now + LONGEST:
        raise invalid("expiresAt must be a time of the year to come, with its zone.", field="expiresAt")
    return expires_at.astimezone(UTC)


# --- Answers ----------------------------------------------------------------------------------------------------------


def accept_offer(*, user_id: UserId, offer_id: str | UUID) -> Offer:
    """The customer takes the offer. Again changes nothing."""
    return _settle(user_id, offer_id, ACCEPTED)


def decline_offer(*, user_id: UserId, offer_id: str | UUID) -> Offer:
    """The customer does not want it. Again changes nothing."""
    return _settle(user_id, offer_id, DECLINED)


def withdraw_offer(*, user_id: UserId, offer_id: str | UUID) -> Offer:
    """A member of the business takes the offer back. Again changes nothing."""
    charge(str(user_id), CHARGE)
    return _settle(user_id, offer_id, WITHDRAWN)


def _settle(user_id: UserId, offer_id: str | UUID, status: str) -> Offer:
    with change_conversations() as change:
        seen, side = access.find_offer(user_id, offer_id)
        access.require_offer_side(side, Side.BUSINESS if status == WITHDRAWN else Side.CUSTOMER)
        is_backed = status != ACCEPTED or access.lock_member(seen.author_id, seen.conversation.business_id)
        [conversation] = change.lock([seen.conversation_id])
        offer = Offer.objects.select_for_update().get(pk=seen.pk)
        offer.conversation = conversation
        if offer.status == PENDING:
            now = timezone.now()
            if offer.expires_at <= now:
                _expire(change, offer, now)
            elif not is_backed:
                _withdraw_unbacked(change, offer, now)
            else:
                _require_open(conversation)
                _save(offer, status, now)
                _tell_of_end(change, offer, user_id)
    # Outside, so that a refusal does not undo what was found out.
    if offer.status != status:
        raise DomainError("conflict", f"The offer is {offer.status}.", {"status": str(offer.status)})
    return offer


def expire_offer(offer_id: UUID) -> bool:
    """Settle an offer that nobody answered in time, and tell both sides. Whether there was anything to do."""
    pending = Offer.objects.filter(pk=offer_id, status=PENDING)
    conversation_id = pending.values_list("conversation_id", flat=True).first()
    if conversation_id is None:
        return False
    with change_conversations([conversation_id]) as change:
        now = timezone.now()
        offer = pending.select_for_update().filter(expires_at__lte=now).first()
        if offer is None:
            return False  # answered, while this waited for the lock
        offer.conversation = change.conversations[conversation_id]
        _expire(change, offer, now)
    return True


def _expire(change: ConversationChange, offer: Offer, now: datetime) -> None:
    _save(offer, EXPIRED, now)
    _tell_of_end(change, offer, None)


def withdraw_unbacked(author_id: UserId, business_id: UUID | None = None) -> None:
    """Withdraw the user's open offers, of one business or of all, where the user no longer speaks for the business.

    Called in the transaction in which the user lost the right, with the user or the membership locked.
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
        lock_inboxes({user for offer in offers for user in _concerned(offer)})
        now = timezone.now()
        for offer in offers:
            _withdraw_unbacked(change, offer, now)


def _withdraw_unbacked(change: ConversationChange, offer: Offer, now: datetime) -> None:
    _save(offer, WITHDRAWN, now)
    _tell_of_end(change, offer, None)


def _concerned(offer: Offer) -> set[UserId]:
    return {offer.conversation.customer_id, *_business_side(offer)}


def _save(offer: Offer, status: str, now: datetime) -> None:
    offer.status, offer.answered_at = status, now
    offer.save(update_fields=["status", "answered_at"])


def _tell_of_end(change: ConversationChange, offer: Offer, ended_by: UserId | None) -> None:
    """In the conversation, and to those of the other people whom it concerns. Nobody ends an offer whose time is over;
    that happens in a frozen conversation too, where nothing more is said."""
    if offer.conversation.frozen_at is None:
        append_system_message(change, offer.conversation, _line(offer))
    customer_id = offer.conversation.customer_id
    concerned = _concerned(offer) - {ended_by}
    lock_inboxes({customer_id, *concerned})
    operations.mark_answered(recipient_id=customer_id, dedupe_key=_told(offer))
    for user_id in concerned:
        _notify(offer, user_id, f"{_told(offer)}:{offer.status}")


def _business_side(offer: Offer) -> set[UserId]:
    """The offer's author, or the owners where the author has left the business or is suspended."""
    members = Membership.objects.filter(business_id=offer.conversation.business_id, user__is_active=True)
    if offer.author_id is not None and members.filter(user_id=offer.author_id).exists():
        return {offer.author_id}
    return set(members.filter(role=Membership.Role.OWNER).values_list("user_id", flat=True))


# --- Both -------------------------------------------------------------------------------------------------------------


def _require_open(conversation: Conversation) -> None:
    if conversation.frozen_at is not None:
        raise DomainError("frozen", "A moderator has closed this conversation.")


def _notify(offer: Offer, user_id: UserId, dedupe_key: str) -> None:
    operations.notify(
        recipient_id=user_id, type=types.OFFER.name, data=offer_data(offer), dedupe_key=dedupe_key
    )


def _line(offer: Offer) -> str:
    """What the conversation shows."""
    what = f"{isolate(offer.title)}, {amount_text(offer.amount_minor, offer.currency)} {offer.currency}"
    if offer.status == PENDING:
        return f"Offer: {what}. Valid until {offer.expires_at:%Y-%m-%d %H:%M} UTC."
    return f"Offer {offer.status}: {what}."
