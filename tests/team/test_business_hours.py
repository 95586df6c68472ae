"""Owners set the hours of a business. Everybody sees whether it is open and how fast it answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from chatsite.background.turns import Turn, waiting_jobs
from conversations.membership import add_member
from conversations.models import AnswerTime, Business, ChatMessage
from conversations.team.hours import answer_time
from conversations.team.hours.availability import availability
from tests.attachments.files import run_jobs
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
BODY = {
    "timezone": "Europe/Berlin",
    "weekly": {"monday": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "24:00"}]},
    "exceptions": [{"date": "2026-01-19", "name": "Inventory"}],
    "holidays": {"country": "DE", "subdivision": "BY"},
}


def path(shop: Business) -> str:
    return f"/team/business-hours/{shop.pk}"


def put(user: Any, shop: Business, **changes: Any) -> Any:
    return client_of(user).put(path(shop), {**BODY, **changes}, format="json")


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_owners_set_hours_and_members_read_them() -> None:
    owner, agent, customer = person(), person(), person()
    shop = business(owner)
    add_member(business_id=shop.pk, user_id=agent.pk)
    conversation(shop, customer)
    assert refusal(client_of(agent).get(path(shop))) == (404, "not_found")
    stored = put(owner, shop).json()
    assert stored["weekly"]["monday"] == BODY["weekly"]["monday"]  # type: ignore[index]
    assert stored["weekly"]["sunday"] == []
    assert stored["exceptions"] == [{"date": "2026-01-19", "name": "Inventory", "ranges": []}]
    assert client_of(agent).get(path(shop)).json() == stored
    assert refusal(put(agent, shop)) == (403, "forbidden")
    for stranger in (customer, person()):
        assert refusal(client_of(stranger).get(path(shop))) == (404, "not_found")
        assert refusal(put(stranger, shop)) == (404, "not_found")
        assert refusal(client_of(stranger).delete(path(shop))) == (404, "not_found")
    assert client_of(owner).delete(path(shop)).status_code == 204
    assert refusal(client_of(agent).get(path(shop))) == (404, "not_found")


@pytest.mark.parametrize(
    "changes",
    [
        {"timezone": "Mars/Olympus"},
        {"weekly": {"monday": [{"from": "9:00", "to": "12:00"}]}},
        {"weekly": {"monday": [{"from": "24:00", "to": "12:00"}]}},
        {"weekly": {"monday": [{"from": "09:00", "to": "12:00"}] * 9}},
        {"holidays": {"country": "XX"}},
        {"exceptions": [{"date": "2026-01-19"}, {"date": "2026-01-19"}]},
        {"exceptions": [{"date": "2026-01-19", "name": "\x00"}]},
    ],
)
def test_bad_hours_are_refused(changes: dict[str, Any]) -> None:
    owner = person()
    assert refusal(put(owner, business(owner), **changes)) == (400, "invalid")


def test_everybody_sees_the_availability() -> None:
    owner = person()
    shop = business(owner)
    known = client_of(person()).get(f"/chat/businesses/{shop.pk}/availability").json()
    assert known["open"] is known["opensAt"] is known["answerTime"] is None
    put(owner, shop)
    shown = availability(shop.pk, MONDAY)
    assert (shown.open, shown.opens_at, shown.timezone) == (True, None, "Europe/Berlin")
    assert shown.closes_at == MONDAY.replace(hour=11)
    closed = availability(shop.pk, MONDAY.replace(hour=11))
    assert (closed.open, closed.opens_at, closed.closes_at) == (False, MONDAY.replace(hour=12), None)
    assert availability(shop.pk, MONDAY + timedelta(days=7)).open is False  # the exception
    assert refusal(client_of(owner).get("/chat/businesses/x/availability")) == (404, "not_found")


def test_the_answer_time_is_measured_from_answers_of_people() -> None:
    owner, now = person(), timezone.now()
    shop = business(owner)
    minutes = [1, 10, 70, 80, 300]
    for waited in minutes:
        customer = person()
        where = conversation(shop, customer)
        say(where, customer, ["a question", "and more"])
        say(where, owner, ["an answer"])
        _set_times(where.pk, now - timedelta(hours=9), [0, 0, waited])
    answer_time.measure_answer_time(shop.pk)
    measured = AnswerTime.objects.get(business_id=shop.pk)
    assert (measured.seconds, measured.samples) == (70 * 60, 5)
    assert availability(shop.pk).answer_time == "about 2 hours"
    ChatMessage.objects.filter(conversation__business=shop, sender=owner).update(sender_kind="bot")
    answer_time.measure_answer_time(shop.pk)
    assert availability(shop.pk).answer_minutes is None


def test_waiting_outside_of_the_hours_does_not_count() -> None:
    owner, customer = person(), person()
    shop = business(owner)
    put(owner, shop, weekly={"monday": [{"from": "09:00", "to": "12:00"}]})
    where = conversation(shop, customer)
    say(where, customer, ["on Friday"])
    say(where, owner, ["on Monday"])
    _set_times(where.pk, MONDAY - timedelta(days=3), [0, 3 * 24 * 60])  # 10:00 on Monday in Berlin
    assert answer_time.answer_seconds(shop.pk, MONDAY + timedelta(days=1)) == [3600]


def _set_times(conversation_id: Any, begin: datetime, minutes: list[int]) -> None:
    for seq, waited in enumerate(minutes, start=1):
        rows = ChatMessage.objects.filter(conversation_id=conversation_id, seq=seq)
        rows.update(created_at=begin + timedelta(minutes=waited))


def test_all_businesses_are_measured_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One job measures the businesses one after the other, and another one continues when its turn is over."""
    shops = sorted(business(person()).pk for _ in range(3))
    for shop in shops:
        conversation(Business.objects.get(pk=shop))
    measured = []

    def measure(business_id: UUID) -> None:
        measured.append(business_id)
        if business_id == shops[0]:
            raise ValueError("one business cannot be measured")

    monkeypatch.setattr(answer_time, "measure_answer_time", measure)
    monkeypatch.setattr(Turn, "is_over", True)
    answer_time.measure_answer_times.func()
    assert measured == shops[:1]
    assert waiting_jobs(answer_time.measure_answer_times).count() == 1
    answer_time.measure_answer_times.func()  # the next hour's
    assert measured == shops[:1]
    run_jobs()
    assert measured == shops
