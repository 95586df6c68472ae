"""How many invitations an e-mail address gets."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from notifications import invitations
from notifications.models import Invitation, Notification
from tests.conversations.people import business, person
from tests.notifications.conftest import Town
from tests.notifications.mail_links import (
    ADDRESS,
    Json,
    invite,
    refused,
    send_mails,
)

pytestmark = pytest.mark.usefixtures("site_with_mail")


def test_a_site_without_mail_takes_no_addresses(town: Town, settings: Settings) -> None:
    settings.CHAT_SENDS_MAIL = False
    assert refused(invite(town)) == (409, "conflict")


def test_one_address_gets_few_mails(town: Town) -> None:
    for _ in range(3):
        assert invite(town)[0] == 201
        invitations.revoke(user_id=town.olivia.pk, invitation_id=Invitation.objects.first().pk)  # type: ignore[union-attr]
    assert refused(invite(town)) == (429, "rate_limited")


def test_an_address_gets_few_mails_of_all_businesses_and_only_mails_count(town: Town) -> None:
    def invite_by_another() -> tuple[int, Json]:
        owner = person()
        return invite(town, by=owner, businessId=str(business(owner).pk))

    assert invite(town)[0] == 201
    for _ in range(5):
        assert refused(invite(town))[0] == 409
    assert [invite_by_another()[0] for _ in range(4)] == [201] * 4
    assert refused(invite_by_another()) == (429, "rate_limited")
    assert Invitation.objects.count() == DBTaskResult.objects.count() == 5


def test_one_invitation_to_an_address_is_open(town: Town) -> None:
    assert invite(town)[0] == 201
    assert refused(invite(town, ADDRESS.upper())) == (409, "conflict")


def test_a_business_leaves_alone_who_has_declined(town: Town) -> None:
    invite(town)
    send_mails()
    stranger = Client(enforce_csrf_checks=True)
    [decline] = re.findall(
        r"https://chat\.example(/mail/\S+)>", mail.outbox[0].extra_headers["List-Unsubscribe"]
    )
    assert stranger.get(decline).status_code == 200
    assert Invitation.objects.get().status == "pending"  # mail scanners open links
    answer = stranger.post(decline, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, Invitation.objects.get().status) == (200, "declined")
    assert stranger.get(decline).status_code == 404
    assert refused(invite(town)) == (409, "conflict")
    told = Notification.objects.filter(recipient=town.olivia).values_list("title", flat=True)
    assert list(told) == [f"{ADDRESS} declined to join Shop"]
