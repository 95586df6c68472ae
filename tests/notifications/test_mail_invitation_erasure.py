"""What an export has of an invitation to an e-mail address, and what an erasure leaves."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.moderation.erasure import erase_person
from conversations.moderation.exports import export_person
from notifications.expiry import delete_unaccepted
from notifications.models import Invitation, Notification
from tests.notifications.conftest import Town
from tests.notifications.mail_links import (
    ADDRESS,
    answer_link,
    invite,
    newcomer,
    refused,
    send_mails,
    with_address,
)

pytestmark = pytest.mark.usefixtures("site_with_mail")


@pytest.mark.parametrize("answer", ["", "decline"])
def test_erasure_takes_the_address_out_of_what_nobody_has_accepted(town: Town, answer: str) -> None:
    nina = with_address(newcomer(town), ADDRESS.upper())
    invite(town)
    send_mails()
    if answer:
        answer_link(nina, answer)
    invite(town, "other@mail.example")
    erase_person(actor=None, user_id=nina.pk, reason="asked")
    first, second = Invitation.objects.order_by("created_at")
    assert (first.status, first.email) == ("declined" if answer else "revoked", "erased@account.invalid")
    assert (second.status, second.email) == ("pending", "other@mail.example")
    kept = repr(list(Notification.objects.values("title", "data")))
    assert (ADDRESS in kept, "erased@account.invalid declined" in kept) == (False, answer != "")
    assert refused(answer_link(newcomer(town))) == (409, "conflict")


def test_an_export_has_the_invitations_to_the_persons_address(town: Town) -> None:
    nina, stranger = with_address(newcomer(town), ADDRESS.upper()), newcomer(town)
    _, made = invite(town)
    invite(town, "other@mail.example")
    for person, expected in ((nina, [made["id"]]), (stranger, [])):
        lines = map(json.loads, export_person(actor=None, user_id=person.pk, reason="asked"))
        assert [line["id"] for line in lines if line["kind"] == "invitation"] == expected


def test_what_nobody_has_accepted_is_deleted_after_some_time(town: Town) -> None:
    nina = with_address(newcomer(town))
    invite(town)
    send_mails()
    answer_link(nina)
    for email in ("declined@mail.example", "open@mail.example"):
        invite(town, email)
    Invitation.objects.filter(email="declined@mail.example").update(
        status="declined", answered_at=timezone.now()
    )
    delete_unaccepted.func()
    assert Invitation.objects.count() == 3
    ended = timezone.now() - timedelta(days=31)
    Invitation.objects.exclude(status="pending").update(answered_at=ended)
    delete_unaccepted.func()
    left = set(Invitation.objects.values_list("email", "status"))
    assert left == {("open@mail.example", "pending"), (ADDRESS, "accepted")}


def test_erasure_takes_the_address_away(town: Town) -> None:
    nina = with_address(newcomer(town))
    invite(town)
    send_mails()
    answer_link(nina)
    erase_person(actor=None, user_id=nina.pk, reason="asked")
    assert not Invitation.objects.exclude(email="").exists()
