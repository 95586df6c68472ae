"""People report messages, and moderators handle the reports."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from conversations.membership import remove_member
from conversations.moderation.models import AuditEntry, Report
from conversations.moderation.reports import possible_outcomes, resolve_report
from tests.moderation.conftest import Shop


@pytest.fixture(autouse=True)
def alone(settings: Settings) -> None:
    """Use an empty cache."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid4().hex}
    }


def post(user: User, **body: Any) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.post("/chat/reports", {"reason": "abuse", **body}, format="json")


def make(shop: Shop, **subject: Any) -> Report:
    answer = post(shop.olivia, conversationId=str(shop.conversation.pk), **subject)
    return Report.objects.get(pk=answer.json()["id"])


def test_a_report_is_answered_as_its_reporter_sees_it(shop: Shop) -> None:
    message = shop.say(shop.carol)
    key = str(shop.conversation.pk)
    answer = post(shop.olivia, conversationId=key, messageId=str(message.pk), text=" Rude. ")
    assert answer.status_code == 201
    body = answer.json()
    assert body | {"id": "", "createdAt": ""} == {
        "id": "",
        "conversationId": key,
        "messageId": str(message.pk),
        "userId": None,
        "reason": "abuse",
        "text": "Rude.",
        "status": "open",
        "createdAt": "",
    }


def test_the_same_report_again_is_the_same_report_while_it_is_open(shop: Shop) -> None:
    message = shop.say(shop.carol)
    key = str(shop.conversation.pk)
    for subject in ({}, {"messageId": str(message.pk)}, {"userId": str(shop.carol.pk)}):
        first = post(shop.olivia, conversationId=key, **subject)
        again = post(shop.olivia, conversationId=key, reason="spam", **subject)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
    assert Report.objects.count() == 3
    assert post(shop.amir, conversationId=key).status_code == 201
    about_carol = Report.objects.get(user=shop.carol)
    resolve_report(actor=shop.mona, report_id=about_carol.pk, outcome="dismissed", note="Nothing.")
    assert post(shop.olivia, conversationId=key, userId=str(shop.carol.pk)).status_code == 201


def test_outsiders_and_foreign_subjects_are_not_found(shop: Shop) -> None:
    message = shop.say(shop.carol)
    key = str(shop.conversation.pk)
    for who, body in (
        (shop.outsider, {"conversationId": key}),
        (shop.outsider, {"conversationId": key, "messageId": str(message.pk)}),
        (shop.olivia, {"conversationId": str(uuid4())}),
        (shop.olivia, {"conversationId": "nonsense"}),
        (shop.olivia, {"conversationId": key, "messageId": str(uuid4())}),
        (shop.olivia, {"conversationId": key, "userId": str(shop.outsider.pk)}),
        (shop.olivia, {"conversationId": key, "userId": "nobody"}),
    ):
        answer = post(who, **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_bad_reports_are_invalid(shop: Shop) -> None:
    message = shop.say(shop.olivia)
    key = str(shop.conversation.pk)
    for body in (
        {"reason": "because"},
        {"messageId": str(message.pk)},
        {"userId": str(shop.olivia.pk)},
        {"messageId": str(message.pk), "userId": str(shop.carol.pk)},
        {"text": "\x00"},
    ):
        assert post(shop.olivia, conversationId=key, **body).status_code == 400
    assert post(shop.olivia, conversationId=key, text="x" * 2001).status_code == 413


def test_a_flood_of_reports_is_rate_limited(shop: Shop) -> None:
    answers = [post(shop.carol, conversationId=str(shop.conversation.pk)) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [201, *[200] * 29, 429]
    assert answers[-1].json()["error"]["code"] == "rate_limited"


def test_a_former_member_can_be_reported_for_a_message(shop: Shop) -> None:
    shop.say(shop.amir)
    remove_member(business_id=shop.business.pk, user_id=shop.amir.pk)
    answer = post(shop.carol, conversationId=str(shop.conversation.pk), userId=str(shop.amir.pk))
    assert answer.status_code == 201


def test_an_outcome_is_done_in_the_same_breath(shop: Shop) -> None:
    message = shop.say(shop.carol, "an insult")
    report = make(shop, messageId=str(message.pk))
    resolve_report(actor=shop.mona, report_id=report.pk, outcome="message_hidden", note="Indeed.")
    message.refresh_from_db()
    report.refresh_from_db()
    assert message.hidden_at
    assert (report.status, report.outcome, report.note) == ("resolved", "message_hidden", "Indeed.")
    assert (report.resolved_by, report.resolved_at is not None) == (shop.mona, True)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "hide_message",
        "resolve_report",
    ]
    with pytest.raises(DomainError) as caught:
        resolve_report(actor=shop.mona, report_id=report.pk, outcome="dismissed", note="Or not.")
    assert caught.value.code == "conflict"


def test_suspension_applies_to_the_accused_person(shop: Shop) -> None:
    report = make(shop, messageId=str(shop.say(shop.carol).pk))
    resolve_report(actor=shop.mona, report_id=report.pk, outcome="user_suspended", note="Out.")
    shop.carol.refresh_from_db()
    assert not shop.carol.is_active


def test_freezing_and_dismissing(shop: Shop) -> None:
    resolve_report(actor=shop.mona, report_id=make(shop).pk, outcome="dismissed", note="No.")
    assert shop.head().frozen_at is None
    resolve_report(actor=shop.mona, report_id=make(shop).pk, outcome="conversation_frozen", note="Yes.")
    assert shop.head().frozen_at is not None


def test_an_outcome_that_does_not_fit_changes_nothing(shop: Shop) -> None:
    report = make(shop)
    assert possible_outcomes(report) == ["dismissed", "conversation_frozen"]
    for outcome in ("message_hidden", "user_suspended", "none", "bananas"):
        with pytest.raises(DomainError) as caught:
            resolve_report(actor=shop.mona, report_id=report.pk, outcome=outcome, note="?")
        assert caught.value.code == "invalid"
    with pytest.raises(DomainError) as caught:
        resolve_report(actor=shop.sam, report_id=report.pk, outcome="dismissed", note="?")
    assert caught.value.code == "forbidden"
    report.refresh_from_db()
    assert report.status == "open"
    assert AuditEntry.objects.count() == 0
