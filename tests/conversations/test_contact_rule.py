"""With whom a business may open a conversation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.checks import Error
from django.utils import timezone

from chatsite.errors import DomainError
from chatsite.widget.models import ExternalIdentity, WidgetSite
from conversations import contacts, operations
from conversations.models import Business, Conversation
from notifications import invitations
from notifications.models import Invitation
from tests.conversations.people import business, conversation, person

pytestmark = pytest.mark.django_db

FRIENDS: set[Any] = set()


def is_friend(business_id: UUID, user_id: Any) -> bool:
    return user_id in FRIENDS


def is_open_to(shop: Business, user: Any) -> bool:
    """Return whether a member gets a conversation with the user.

    A refusal must not differ from that of an unknown id.
    """
    answer, unknown = (attempt(shop, str(key)) for key in (user.pk, 999_999))
    assert answer in (None, unknown)
    return answer is None


def attempt(shop: Business, customer_id: str) -> tuple[str, str] | None:
    """Let a member try to open a conversation. Return None, or the error."""
    owner = shop.memberships.get().user
    try:
        operations.open_conversation(user_id=owner.pk, business_id=str(shop.pk), customer_id=customer_id)
    except DomainError as error:
        return error.code, error.message
    return None


def test_no_account_is_found_by_its_number() -> None:
    shop, other = business(person()), business(person())
    for user in (person(), conversation(other).customer, other.memberships.get().user):
        assert not is_open_to(shop, user)
    assert Conversation.objects.filter(business=shop).count() == 0


def test_those_with_a_tie() -> None:
    shop = business(person())
    visitor, former, customer = person(), person(), conversation(shop).customer
    site = WidgetSite.objects.create(business=shop)
    ExternalIdentity.objects.create(site=site, kind="guest", subject="x", user=visitor)
    Invitation.objects.create(
        business=shop,
        inviter=shop.memberships.get().user,
        invitee=former,
        status=Invitation.Status.ACCEPTED,
        answered_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=1),
    )
    for user in (customer, former, visitor):
        assert is_open_to(shop, user)
        assert not is_open_to(business(person()), user)


def test_the_host_project_decides(settings: Any) -> None:
    settings.CHAT_CONTACT_RULE = f"{__name__}.is_friend"
    shop, friend, stranger = business(person()), person(), person()
    FRIENDS.add(friend.pk)
    assert (is_open_to(shop, friend), is_open_to(shop, stranger)) == (True, False)
    settings.CHAT_CONTACT_RULE = "nowhere.at_all"
    (problem,) = contacts.check_rule(None)
    assert isinstance(problem, Error)


def test_no_account_is_found_by_inviting_its_number() -> None:
    shop, stranger = business(person()), person()
    owner = shop.memberships.get().user

    def refusal(user_id: Any) -> tuple[str, str]:
        with pytest.raises(DomainError) as caught:
            invitations.invite(inviter_id=owner.pk, business_id=str(shop.pk), user_id=str(user_id))
        return caught.value.code, caught.value.message

    assert refusal(stranger.pk) == refusal(999_999)
    made = invitations.invite(inviter_id=owner.pk, business_id=str(shop.pk), username=stranger.username)
    assert made.invitee_id == stranger.pk
