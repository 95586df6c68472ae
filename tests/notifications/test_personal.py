"""The data that an erasure deletes and an export contains."""

from __future__ import annotations

import json

from pytest_django import DjangoCaptureOnCommitCallbacks

from chatsite.realtime.hub import Addressed
from conversations.moderation.erasure import erase_person
from conversations.moderation.exports import export_person
from notifications import invitations, offers
from notifications.models import Invitation, Notification, Offer
from notifications.operations import notify
from tests.notifications.conftest import Town, told, tomorrow


def make_offer(town: Town, title: str = "Bike") -> Offer:
    offer, _ = offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title=title,
        amount_minor=100,
        currency="EUR",
        expires_at=tomorrow(),
    )
    return offer


def names_left(name: str) -> list[str]:
    rows = Notification.objects.values_list("title", "data")
    return [title for title, data in rows if name in title or name in json.dumps(data)]


def test_an_erased_customer_is_forgotten(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    offers.accept_offer(user_id=town.carol.pk, offer_id=make_offer(town).pk)
    open_offer = make_offer(town, "Another")
    notify(recipient_id=town.carol.pk, type="system", title="Hello Carol")
    assert names_left("Carol")
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(actor=None, user_id=town.carol.pk, reason="asked for")
    assert names_left("Carol") == []
    assert not Notification.objects.filter(recipient=town.carol).exists()
    assert Notification.objects.get(recipient=town.amir).title.startswith("Erased user accepted your offer")
    assert told(sent, town.amir)[-1]["notification"]["title"].startswith("Erased user accepted")
    assert Offer.objects.get(pk=open_offer.pk).status == "withdrawn"
    before = Notification.objects.get(recipient=town.amir).rev
    erase_person(actor=None, user_id=town.carol.pk, reason="asked for again")
    assert Notification.objects.get(recipient=town.amir).rev == before


def test_an_erased_newcomer_and_an_erased_author_are_forgotten(town: Town) -> None:
    nina, otto = town.newcomer("nina"), town.newcomer("otto")
    made = invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username="nina")
    invitations.decline(user_id=nina.pk, invitation_id=made.pk)
    invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username="otto")
    make_offer(town)
    for person in (nina, otto, town.amir):
        erase_person(actor=None, user_id=person.pk, reason="asked for")
    assert names_left("Nina") == names_left("Otto") == names_left("Amir") == []
    assert sorted(Invitation.objects.values_list("status", flat=True)) == ["declined", "revoked"]
    assert Offer.objects.get().author_id is None


def test_an_export_has_it_all(town: Town) -> None:
    make_offer(town)
    lines = [
        json.loads(line) for line in export_person(actor=None, user_id=town.carol.pk, reason="asked for")
    ]
    kinds = [line["kind"] for line in lines]
    assert (kinds.count("notification"), kinds.count("offer"), kinds.count("invitation")) == (1, 1, 0)
    town.newcomer()
    invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username="nina")
    lines = [
        json.loads(line) for line in export_person(actor=None, user_id=town.olivia.pk, reason="asked for")
    ]
    assert "invitation" in [line["kind"] for line in lines]
