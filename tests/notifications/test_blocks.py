"""Somebody who is blocked cannot notify or mail: by invitations, mentions, and the end of an offer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from conversations.blocks import operations as blocks
from conversations.models import Business, ChatMessage, Conversation, Membership
from notifications import offers
from notifications.invitation_mails import send_invitation
from notifications.invitations import expire_invitation
from notifications.mail_invitations import invite_by_mail
from notifications.models import Invitation, Notification, Offer
from tests.notifications.conftest import Town, make_api, tomorrow

Json = dict[str, Any]


def post(user: User, path: str, body: Json | None = None) -> tuple[int, Json]:
    response = make_api(user).post(path, body or {}, format="json")
    return response.status_code, response.json()


def notices(user: User) -> int:
    return Notification.objects.filter(recipient=user).count()


def block(who: User, whom: User) -> None:
    blocks.block_user(user_id=who.pk, blocked_id=str(whom.pk))


@pytest.fixture
def market(town: Town) -> Business:
    """Another business, of Amir."""
    made = Business.objects.create(name="Market", slug="market")
    Membership.objects.create(business=made, user=town.amir, role="owner")
    return made


def invite(by: User, business: Business, invitee: User) -> tuple[int, Json]:
    return post(by, "/team/invitations", {"businessId": str(business.pk), "username": invitee.username})


# --- Invitations ------------------------------------------------------------------------------------------------------


def test_a_blocked_member_cannot_invite_the_customer_elsewhere(town: Town, market: Business) -> None:
    block(town.carol, town.amir)
    status, answer = invite(town.amir, market, town.carol)
    assert (status, answer["error"]["code"]) == (403, "forbidden")
    assert "block" not in answer["error"]["message"]
    assert (notices(town.carol), Invitation.objects.count()) == (0, 0)
    blocks.unblock_user(user_id=town.carol.pk, blocked_id=str(town.amir.pk))
    assert invite(town.amir, market, town.carol)[0] == 201


def test_a_blocked_customer_cannot_invite_members_of_the_business(town: Town) -> None:
    own = Business.objects.create(name="Carol's", slug="carols")
    Membership.objects.create(business=own, user=town.carol, role="owner")
    block(town.olivia, town.carol)
    assert invite(town.carol, own, town.olivia)[0] == 403
    assert invite(town.carol, own, town.amir)[0] == 403  # the block holds for the whole team
    assert invite(town.carol, own, town.stranger)[0] == 201


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_the_end_of_an_invitation_does_not_notify_who_blocks_the_inviter(
    town: Town, market: Business, end: str
) -> None:
    _, made = invite(town.amir, market, town.carol)
    block(town.carol, town.amir)
    if end == "revoke":
        assert post(town.amir, f"/team/invitations/{made['id']}/revoke")[0] == 200
    else:
        past = timezone.now() - timedelta(days=20)
        Invitation.objects.update(created_at=past, expires_at=past + timedelta(days=14))
        assert expire_invitation(Invitation.objects.get().pk)
        assert notices(town.amir) == 1  # the inviter is told
    assert notices(town.carol) == 1  # of the invitation itself
    assert Notification.objects.get(recipient=town.carol).read_at is not None


def test_an_answer_does_not_notify_an_inviter_who_blocks(town: Town, market: Business) -> None:
    _, made = invite(town.amir, market, town.carol)
    block(town.amir, town.carol)
    assert post(town.carol, f"/team/invitations/{made['id']}/accept")[0] == 200
    assert notices(town.amir) == 0


@pytest.mark.usefixtures("site_with_mail")
def test_an_invitation_by_mail_is_not_sent_to_who_blocks_the_inviter(town: Town, market: Business) -> None:
    User.objects.filter(pk=town.carol.pk).update(email="Carol@mail.example")
    block(town.carol, town.amir)
    for address, mails in (("carol@mail.example", 0), ("nina@mail.example", 1)):
        made = invite_by_mail(inviter_id=town.amir.pk, business_id=market.pk, email=address, role="agent")
        assert made.status == "pending"  # the answer does not tell
        send_invitation.func(str(made.pk), "en")
        assert len(mail.outbox) == mails


# --- Mentions ---------------------------------------------------------------------------------------------------------


def test_a_blocked_colleague_cannot_notify_by_a_mention(town: Town, market: Business) -> None:
    for member in (town.carol, town.olivia):
        Membership.objects.create(business=market, user=member)
    block(town.carol, town.amir)
    where = Conversation.objects.create(business=market, customer=town.stranger)
    body = {"content": "look", "mentionIds": [str(town.carol.pk), str(town.olivia.pk)]}
    assert post(town.amir, f"/chat/conversations/{where.pk}/notes", body)[0] == 201
    assert (notices(town.carol), notices(town.olivia)) == (0, 1)


# --- Offers -----------------------------------------------------------------------------------------------------------


def make_offer(town: Town) -> Offer:
    made, _ = offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title="Blue bike",
        amount_minor=100,
        currency="EUR",
        expires_at=tomorrow(),
    )
    return made


def end(town: Town, offer: Offer, how: str) -> None:
    if how == "expire":
        past = timezone.now() - timedelta(days=2)
        Offer.objects.update(created_at=past, expires_at=past + timedelta(days=1))
        assert offers.expire_offer(offer.pk)
    elif how == "leave":
        Membership.objects.filter(business=town.shop, user=town.amir).delete()
        offers.withdraw_after_lost_membership(town.amir.pk, town.shop.pk)
    else:
        offers.withdraw_offer(user_id=town.amir.pk, offer_id=offer.pk)


@pytest.mark.parametrize("how", ["withdraw", "expire", "leave"])
@pytest.mark.parametrize("whom", ["business", "author"])
def test_the_end_of_an_offer_does_not_reach_a_customer_who_blocks(town: Town, whom: str, how: str) -> None:
    offer = make_offer(town)
    if whom == "author":
        block(town.carol, town.amir)
    else:
        blocks.block_business(user_id=town.carol.pk, business_id=str(town.shop.pk))
    end(town, offer, how)
    offer.refresh_from_db()
    assert offer.status == ("expired" if how == "expire" else "withdrawn")
    assert ChatMessage.objects.count() == 1  # that the offer was made
    assert (
        Notification.objects.get(recipient=town.carol).read_at is not None
    )  # it need not be answered any more


def test_a_customer_who_blocks_can_still_answer(town: Town) -> None:
    offer = make_offer(town)
    blocks.block_business(user_id=town.carol.pk, business_id=str(town.shop.pk))
    offers.decline_offer(user_id=town.carol.pk, offer_id=offer.pk)
    assert ChatMessage.objects.count() == 2
    assert notices(town.amir) == 1


def test_a_blocked_customer_cannot_answer_and_the_business_learns_of_the_expiry(town: Town) -> None:
    offer = make_offer(town)
    block(town.olivia, town.carol)
    for answer in ("accept", "decline"):
        status, refused = post(town.carol, f"/offers/{offer.pk}/{answer}")
        assert (status, refused["error"]["code"]) == (403, "forbidden")
    assert (ChatMessage.objects.count(), notices(town.amir)) == (1, 0)
    end(town, offer, "expire")
    assert notices(town.amir) == 1
