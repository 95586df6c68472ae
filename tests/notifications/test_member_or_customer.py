"""Nobody is both a member and a customer of a business, even with concurrent requests."""

from __future__ import annotations

from functools import partial

import pytest

from conversations import operations
from conversations.integrity import find_problems
from conversations.models import Conversation, Membership
from notifications import invitations
from tests.notifications.conftest import Town
from tests.notifications.test_races import at_once, codes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db: None) -> Town:
    return Town()


@pytest.mark.parametrize("attempt", range(6))
def test_the_first_of_the_two_wins(town: Town, attempt: int) -> None:
    nina = town.newcomer(f"nina-{attempt}")
    made = invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username=nina.username)
    outcomes = at_once(
        partial(invitations.accept, user_id=nina.pk, invitation_id=made.pk),
        partial(operations.open_conversation, user_id=nina.pk, business_id=str(town.shop.pk)),
    )
    assert codes(outcomes) in (["conflict", "done"], ["done", "invalid"])
    is_member = Membership.objects.filter(business=town.shop, user=nina).exists()
    is_customer = Conversation.objects.filter(business=town.shop, customer=nina).exists()
    assert (is_member, is_customer) in ((True, False), (False, True))


def test_the_integrity_check_finds_a_customer_who_is_a_member(town: Town) -> None:
    assert list(find_problems()) == []
    Membership.objects.create(business=town.shop, user=town.carol)
    assert [problem.what for problem in find_problems()] == ["The customer is a member of the business."]
