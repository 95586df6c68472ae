"""`expire_lapsed` ends what nobody answered in time, and notifies both sides once."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from chatsite.errors import DomainError
from chatsite.realtime.hub import Addressed
from conversations.integrity import find_problems
from conversations.models import ChatMessage, Membership
from notifications import invitations, offers
from notifications.models import Invitation, Notification, Offer
from tests.notifications.conftest import Town, told, tomorrow


def make_offer(town: Town, title: str = "Blue bike") -> Offer:
    made, _ = offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title=title,
        amount_minor=129900,
        currency="EUR",
        expires_at=tomorrow(),
    )
    return made


def invite(town: Town, name: str) -> Invitation:
    town.newcomer(name)
    return invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username=name)


def let_lapse(*rows: Offer | Invitation) -> None:
    past = timezone.now() - timedelta(days=20)
    for row in rows:
        changed = type(row)._default_manager.filter(pk=row.pk)
        changed.update(created_at=past, expires_at=past + timedelta(days=14))


def expire(*options: str) -> str:
    out = StringIO()
    call_command("expire_lapsed", *options, stdout=out)
    return out.getvalue().strip()


def titles(user: User) -> list[str]:
    rows = Notification.objects.filter(recipient=user).order_by("created_rev")
    return list(rows.values_list("title", flat=True))


def lines() -> list[str]:
    return list(ChatMessage.objects.order_by("seq").values_list("content", flat=True))


def test_an_offer_ends_in_the_conversation_and_for_both_sides(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    let_lapse(make_offer(town))
    with django_capture_on_commit_callbacks(execute=True):
        assert expire() == "Expired 1 offers and 0 invitations."
    settled = Offer.objects.get()
    assert (settled.status, settled.answered_at is not None) == ("expired", True)
    assert lines()[1:] == ["Offer expired: Blue bike, €1,299.00."]
    over = "An offer from Shop to Carol has expired: Blue bike, €1,299.00"
    assert titles(town.amir) == titles(town.carol)[1:] == [over]
    assert titles(town.olivia) == []
    assert Notification.objects.get(dedupe_key=f"offer:{settled.pk}").read_at is not None
    for person in (town.amir, town.carol):
        newest = told(sent, person)[-1]["notification"]
        assert (newest["title"], newest["data"]["status"]) == (over, "expired")
    assert [event.name for _, event in sent].count("new_message") == 1
    assert not list(find_problems())


def test_an_invitation_ends_for_both_sides(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    invitation = invite(town, "nina")
    let_lapse(invitation)
    with django_capture_on_commit_callbacks(execute=True):
        assert expire() == "Expired 0 offers and 1 invitations."
    assert Invitation.objects.get().status == "expired"
    over = "The invitation of Nina to Shop has expired"
    assert invitation.invitee is not None
    for person in (town.olivia, invitation.invitee):
        assert titles(person)[-1] == over
        assert told(sent, person)[-1]["notification"]["data"]["status"] == "expired"
    assert Notification.objects.get(dedupe_key=f"invitation:{invitation.pk}").read_at is not None
    assert not Membership.objects.filter(user=invitation.invitee).exists()


def test_a_second_run_changes_nothing_and_keeps_open_and_answered_ones(town: Town) -> None:
    lapsed = make_offer(town, "lapsed")
    accepted = make_offer(town, "accepted")
    make_offer(town, "open")
    offers.accept_offer(user_id=town.carol.pk, offer_id=accepted.pk)
    let_lapse(lapsed, accepted)
    invite(town, "nina")
    assert expire("--dry-run") == "Would expire 1 offers and 0 invitations."
    assert Offer.objects.filter(status="pending").count() == 2
    assert expire() == "Expired 1 offers and 0 invitations."
    before = (lines(), Notification.objects.count())
    assert expire() == "Expired 0 offers and 0 invitations."
    assert (lines(), Notification.objects.count()) == before
    statuses = dict(Offer.objects.values_list("title", "status"))
    assert statuses == {"lapsed": "expired", "accepted": "accepted", "open": "pending"}
    assert Invitation.objects.get().status == "pending"


def test_more_than_one_batch(town: Town) -> None:
    let_lapse(*(make_offer(town, f"offer {number}") for number in range(5)))
    let_lapse(*(invite(town, f"person-{number}") for number in range(3)))
    assert expire("--batch", "2") == "Expired 5 offers and 3 invitations."
    with pytest.raises(CommandError):
        expire("--batch", "0")


def test_an_offer_answered_too_late_is_reported_once(town: Town) -> None:
    """The first request that notices the expiry records it. Its refusal does not undo that."""
    offer, invitation = make_offer(town), invite(town, "nina")
    let_lapse(offer, invitation)
    late: list[Any] = [
        lambda: offers.accept_offer(user_id=town.carol.pk, offer_id=offer.pk),
        lambda: invitations.accept(user_id=invitation.invitee_id, invitation_id=invitation.pk),
    ]
    for answer in late:
        with pytest.raises(DomainError) as refusal:
            answer()
        assert refusal.value.details == {"status": "expired"}
    assert lines()[1:] == ["Offer expired: Blue bike, €1,299.00."]
    before = Notification.objects.count()
    assert expire() == "Expired 0 offers and 0 invitations."
    assert Notification.objects.count() == before


def test_in_a_frozen_conversation_it_ends_without_a_line(town: Town) -> None:
    let_lapse(make_offer(town))
    town.conversation.refresh_from_db()
    town.conversation.frozen_at = timezone.now()
    town.conversation.save()
    assert expire() == "Expired 1 offers and 0 invitations."
    assert len(lines()) == 1
    assert len(titles(town.amir)) == 1


def test_the_owners_are_notified_if_the_author_has_left(town: Town) -> None:
    let_lapse(make_offer(town))
    Membership.objects.filter(user=town.amir).delete()
    expire()
    assert (len(titles(town.olivia)), len(titles(town.amir))) == (1, 0)
