"""Answers of programs end: an unmarked auto-responder gets in once a day, and nobody floods a conversation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.delivery.models import Notice, ReceivedMail
from notifications.delivery.replies.receiving import receive_mail
from tests.away.conftest import Shop
from tests.away.test_replies import answer, replying, said

__all__ = ["replying"]  # a fixture


def mailed(shop: Shop, question: str, *, minutes_ago: float) -> str:
    """Mail a question, and return its `Message-ID` as an answer names it."""
    shop.clock = type(shop.clock)()
    shop.say(shop.amir, question)
    shop.pass_seconds(601)
    notice = Notice.objects.filter(user=shop.carol, state="sent").latest("pk")
    Notice.objects.filter(pk=notice.pk).update(finished_at=timezone.now() - timedelta(minutes=minutes_ago))
    return f"<{notice.pk}@chat.example>"


def outcome(shop: Shop, number: int, text: str, **headers: str) -> str:
    return receive_mail(answer(shop, text, Message_ID=f"<{number}@mail.example>", **headers).as_bytes())


def test_an_unmarked_auto_responder_gets_in_once_a_day(replying: Shop) -> None:
    outcomes = [outcome(replying, number, "I am on holiday.") for number in range(3)]
    assert outcomes == ["accepted", "same_text", "same_text"]


def test_an_auto_responder_that_answers_each_mail_at_once_gets_in_once_a_day(replying: Shop) -> None:
    first, second = (mailed(replying, question, minutes_ago=0) for question in ("One?", "Two?"))
    assert outcome(replying, 1, "I am on holiday.", In_Reply_To=first) == "accepted"
    assert outcome(replying, 2, "I am on holiday.", In_Reply_To=second) == "same_text"


TICKET = "Thank you for writing to us. We have opened ticket #{number} for you at {number}:15 and will answer soon."


def outcome_of_ticket(shop: Shop, number: int, *, minutes_ago: float) -> str:
    question = mailed(shop, f"Question {number}?", minutes_ago=minutes_ago)
    return outcome(shop, number, TICKET.format(number=number), In_Reply_To=question)


def test_an_auto_responder_with_a_number_in_its_text_gets_in_once_a_day(replying: Shop) -> None:
    outcomes = [outcome_of_ticket(replying, number, minutes_ago=0) for number in (11, 12, 13)]
    assert outcomes == ["accepted", "same_text", "same_text"]


def test_a_person_may_correct_a_number_in_a_long_text(replying: Shop) -> None:
    question = mailed(replying, "Where to?", minutes_ago=60)
    answers = [
        outcome(replying, number, TICKET.format(number=number), In_Reply_To=question) for number in (11, 12)
    ]
    assert answers == ["accepted", "accepted"]


def test_a_person_may_give_short_answers_that_differ_in_a_number(replying: Shop) -> None:
    assert [outcome(replying, number, f"I come at {number}:15") for number in (10, 11)] == [
        "accepted",
        "accepted",
    ]


def test_a_provider_may_replace_the_id_of_the_answered_mail(replying: Shop) -> None:
    mailed(replying, "One?", minutes_ago=60)
    assert outcome(replying, 1, "Yes", In_Reply_To="<0100@ses.example>") == "accepted"
    ReceivedMail.objects.update(received_at=timezone.now() - timedelta(minutes=30))
    mailed(replying, "Two?", minutes_ago=10)
    assert outcome(replying, 2, "Yes", In_Reply_To="<0101@ses.example>") == "accepted"
    assert outcome(replying, 3, "Yes", In_Reply_To="<0101@ses.example>") == "same_text"


def test_a_person_may_give_the_same_answer_to_the_next_question(replying: Shop) -> None:
    assert outcome(replying, 1, "Yes", In_Reply_To=mailed(replying, "One?", minutes_ago=60)) == "accepted"
    ReceivedMail.objects.update(received_at=timezone.now() - timedelta(minutes=30))
    second = mailed(replying, "Two?", minutes_ago=10)
    assert outcome(replying, 2, "Yes", In_Reply_To=second) == "accepted"
    assert outcome(replying, 3, "Yes", In_Reply_To=second) == "same_text"
    assert [text for sender, text in said() if sender == "carol"] == ["Yes", "Yes"]


def test_a_flood_of_mails_ends(replying: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.delivery.replies.receiving.MAILS_PER_HOUR", 2)
    outcomes = [outcome(replying, number, f"Line {number}") for number in range(3)]
    assert outcomes == ["accepted", "accepted", "rate_limited"]
