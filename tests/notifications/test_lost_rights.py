"""An invitation or an offer is valid only while its author may act for the business."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from chatsite.errors import DomainError
from conversations.membership import add_member, remove_member
from conversations.models import ChatMessage, Membership
from conversations.moderation.erasure import erase_person
from conversations.moderation.operations import suspend_user
from notifications import invitations, offers
from notifications.models import Invitation, Notification, Offer
from tests.notifications.conftest import Town, tomorrow

Loss = Callable[[Town, User], None]


def remove(town: Town, user: User) -> None:
    remove_member(business_id=town.shop.pk, user_id=user.pk)


def demote(town: Town, user: User) -> None:
    add_member(business_id=town.shop.pk, user_id=user.pk, role="agent")


def suspend(town: Town, user: User) -> None:
    suspend_user(actor=None, user_id=user.pk, reason="fraud")


def erase(town: Town, user: User) -> None:
    erase_person(actor=None, user_id=user.pk, reason="asked for")


def remove_unseen(town: Town, user: User) -> None:
    """Remove the member without the operation, as a project's code or a restored backup may do."""
    Membership.objects.filter(user=user).delete()


def demote_unseen(town: Town, user: User) -> None:
    Membership.objects.filter(user=user).update(role="agent")


def suspend_unseen(town: Town, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


SEEN: list[Loss] = [remove, demote, suspend, erase]
UNSEEN: list[Loss] = [remove_unseen, demote_unseen, suspend_unseen]


@pytest.fixture
def otto(town: Town) -> User:
    """A second owner."""
    otto = town.newcomer("otto")
    Membership.objects.create(business=town.shop, user=otto, role="owner")
    return otto


@pytest.fixture
def invitation(town: Town, otto: User) -> Invitation:
    town.newcomer()
    return invitations.invite(inviter_id=otto.pk, business_id=town.shop.pk, username="nina")


def make_offer(town: Town, author: User) -> Offer:
    offer, _ = offers.make_offer(
        author_id=author.pk,
        conversation_id=town.conversation.pk,
        title="Blue bike",
        amount_minor=100,
        currency="EUR",
        expires_at=tomorrow(),
    )
    return offer


def titles(user: User | None) -> list[str]:
    return list(
        Notification.objects.filter(recipient=user).order_by("created_rev").values_list("title", flat=True)
    )


@pytest.mark.parametrize("lose", SEEN)
def test_an_invitation_ends_with_the_right_to_invite(
    town: Town, otto: User, invitation: Invitation, lose: Loss
) -> None:
    lose(town, otto)
    invitation.refresh_from_db()
    assert invitation.status == "revoked"
    assert titles(invitation.invitee)[1:] == ["The invitation to Shop was revoked"]
    assert Notification.objects.filter(recipient=invitation.invitee).earliest("created_rev").read_at


@pytest.mark.parametrize("lose", [*SEEN, *UNSEEN])
def test_an_invitation_of_a_former_owner_cannot_be_accepted(
    town: Town, otto: User, invitation: Invitation, lose: Loss
) -> None:
    lose(town, otto)
    with pytest.raises(DomainError) as refused:
        invitations.accept(user_id=invitation.invitee_id, invitation_id=invitation.pk)
    assert (refused.value.code, refused.value.details) == ("conflict", {"status": "revoked"})
    assert not Membership.objects.filter(user=invitation.invitee).exists()
    assert titles(invitation.invitee)[1:] == ["The invitation to Shop was revoked"]


def test_other_invitations_stay(town: Town, otto: User, invitation: Invitation) -> None:
    town.newcomer("nils")
    other = invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username="nils")
    remove(town, otto)
    assert invitations.accept(user_id=other.invitee_id, invitation_id=other.pk).status == "accepted"


@pytest.mark.parametrize("lose", [remove, suspend, erase])
def test_an_offer_ends_with_the_right_to_make_it(town: Town, lose: Loss) -> None:
    made = make_offer(town, town.amir)
    lose(town, town.amir)
    made.refresh_from_db()
    assert made.status == "withdrawn"
    withdrawn = "Shop withdrew an offer: Blue bike, €1.00"
    assert titles(town.carol)[1:] == [withdrawn]
    assert titles(town.olivia) == [withdrawn]
    assert ChatMessage.objects.latest("seq").content == "Offer withdrawn: Blue bike, €1.00."


@pytest.mark.parametrize("lose", [remove, suspend, erase, remove_unseen, suspend_unseen])
def test_an_offer_of_a_former_member_cannot_be_accepted(town: Town, lose: Loss) -> None:
    made = make_offer(town, town.amir)
    lose(town, town.amir)
    with pytest.raises(DomainError) as refused:
        offers.accept_offer(user_id=town.carol.pk, offer_id=made.pk)
    assert (refused.value.code, refused.value.details) == ("conflict", {"status": "withdrawn"})


def test_an_offer_of_a_demoted_owner_stays(town: Town, otto: User) -> None:
    made = make_offer(town, otto)
    demote(town, otto)
    assert offers.accept_offer(user_id=town.carol.pk, offer_id=made.pk).status == "accepted"
