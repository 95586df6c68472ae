"""Two concurrent requests have one result, on the environment's database."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction

from chatsite.errors import DomainError
from conversations.models import ChatMessage, Conversation, Membership
from notifications import invitations, offers, operations
from notifications.inbox import lock_inboxes
from notifications.models import Inbox, Invitation, Notification, Offer
from tests.harness.patience import patience
from tests.notifications.conftest import Town, tomorrow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db: None) -> Town:
    return Town()


def call_until_unlocked(call: Callable[[], Any]) -> Any:
    """Repeat a call that finds the database locked.

    SQLite in memory reports this at once, and clients get `unavailable` and retry.
    """
    deadline = time.monotonic() + patience(30)
    while True:
        try:
            return call()
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0.001, 0.02))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Return each call's answer, or the code of its refusal."""
    together = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return call_until_unlocked(call)
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=patience(60)) for future in [pool.submit(run, call) for call in calls]]


def codes(outcomes: list[Any]) -> list[str]:
    return sorted(outcome if isinstance(outcome, str) else "done" for outcome in outcomes)


def test_revs_have_no_gaps_from_any_source(town: Town) -> None:
    def tell(number: int) -> Callable[[], Any]:
        return lambda: operations.notify(recipient_id=town.carol.pk, type="system", title=f"n {number}")

    at_once(*(tell(number) for number in range(8)))
    revs = Notification.objects.filter(recipient=town.carol).values_list("created_rev", flat=True)
    assert sorted(revs) == list(range(1, 9))
    assert Inbox.objects.get(user=town.carol).rev == 8


def test_a_retried_operation_makes_one_row(town: Town) -> None:
    def tell() -> Any:
        return operations.notify(recipient_id=town.carol.pk, type="system", title="x", dedupe_key="k").id

    assert len(set(at_once(*[tell] * 6))) == 1
    assert Inbox.objects.get(user=town.carol).rev == 1


def test_crossed_recipients_do_not_lock_each_other_out(town: Town) -> None:
    def tell(first: User, second: User) -> Callable[[], None]:
        def both() -> None:
            for _ in range(10):
                with transaction.atomic():
                    lock_inboxes({first.pk, second.pk})
                    for user in (first, second):
                        operations.notify(recipient_id=user.pk, type="system", title="x")

        return both

    at_once(tell(town.carol, town.amir), tell(town.amir, town.carol))
    assert Notification.objects.count() >= 40


def invited(town: Town) -> tuple[User, Invitation]:
    nina = town.newcomer()
    return nina, invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username="nina")


def test_two_invitations_at_once_make_one(town: Town) -> None:
    town.newcomer()

    def invite() -> Any:
        return invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username="nina")

    assert codes(at_once(*[invite] * 4)) == ["conflict", "conflict", "conflict", "done"]
    assert (Invitation.objects.count(), Notification.objects.count()) == (1, 1)


def test_two_accepts_at_once_are_one(town: Town) -> None:
    nina, invitation = invited(town)

    def accept() -> Any:
        return invitations.accept(user_id=nina.pk, invitation_id=invitation.pk)

    assert codes(at_once(*[accept] * 4)) == ["done"] * 4
    assert Membership.objects.filter(business=town.shop, user=nina).count() == 1
    assert Notification.objects.filter(recipient=town.olivia).count() == 1


def test_accept_while_revoke_runs(town: Town) -> None:
    for number in range(5):
        nina = town.newcomer(f"nina{number}")
        key = invitations.invite(
            inviter_id=town.olivia.pk, business_id=town.shop.pk, username=nina.username
        ).pk
        outcomes = at_once(
            partial(invitations.accept, user_id=nina.pk, invitation_id=key),
            partial(invitations.revoke, user_id=town.olivia.pk, invitation_id=key),
        )
        assert codes(outcomes) == ["conflict", "done"]
        status = Invitation.objects.get(pk=key).status
        member = Membership.objects.filter(business=town.shop, user=nina).exists()
        assert (status, member) in {("accepted", True), ("revoked", False)}


def test_two_answers_to_an_offer_are_one(town: Town) -> None:
    made, _ = offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title="Bike",
        amount_minor=100,
        currency="EUR",
        expires_at=tomorrow(),
    )
    answers = at_once(
        lambda: offers.accept_offer(user_id=town.carol.pk, offer_id=made.pk),
        lambda: offers.accept_offer(user_id=town.carol.pk, offer_id=made.pk),
        lambda: offers.decline_offer(user_id=town.carol.pk, offer_id=made.pk),
        lambda: offers.withdraw_offer(user_id=town.olivia.pk, offer_id=made.pk),
    )
    winner = Offer.objects.get().status
    assert codes(answers).count("done") == (2 if winner == "accepted" else 1)
    assert ChatMessage.objects.filter(conversation=town.conversation).count() == 2
    head = Conversation.objects.get()
    assert (head.last_seq, head.rev) == (2, 2)


def test_a_lapsed_offer_is_settled_once(town: Town) -> None:
    made, _ = offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title="bike",
        amount_minor=1,
        currency="EUR",
        expires_at=tomorrow(),
    )
    past = tomorrow() - timedelta(days=9)
    Offer.objects.update(created_at=past, expires_at=past + timedelta(days=1))
    answers = at_once(
        *[lambda: offers.expire_offer(made.pk)] * 3,
        lambda: offers.accept_offer(user_id=town.carol.pk, offer_id=made.pk),
    )
    assert answers[:3].count(True) <= 1
    assert answers[3] == "conflict"
    assert Offer.objects.get().status == "expired"
    assert ChatMessage.objects.count() == 2
    assert Notification.objects.filter(dedupe_key__endswith=":expired").count() == 2


def test_the_same_offer_at_once_is_one(town: Town) -> None:
    expires = tomorrow()

    def make() -> Any:
        offer, _ = offers.make_offer(
            author_id=town.amir.pk,
            conversation_id=town.conversation.pk,
            title="Bike",
            amount_minor=100,
            currency="EUR",
            expires_at=expires,
            client_id="c1",
        )
        return offer.pk

    assert len(set(at_once(*[make] * 4))) == 1
    assert Conversation.objects.get().last_seq == 1


def test_reading_deleting_and_telling_at_once(town: Town) -> None:
    rows = [
        operations.notify(recipient_id=town.carol.pk, type="system", title=f"n {number}")
        for number in range(4)
    ]
    at_once(
        lambda: operations.mark_all_read(user_id=town.carol.pk),
        lambda: operations.delete_notification(user_id=town.carol.pk, notification_id=rows[0].id),
        lambda: operations.mark_read(user_id=town.carol.pk, notification_id=rows[1].id),
        lambda: operations.notify(recipient_id=town.carol.pk, type="system", title="new"),
    )
    kept = Notification.objects.filter(recipient=town.carol)
    inbox = Inbox.objects.get(user=town.carol)
    assert (kept.count(), kept.exclude(deleted_at=None).count()) == (5, 1)
    assert max(kept.values_list("rev", flat=True)) == inbox.rev
