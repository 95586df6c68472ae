"""`GET /presence?userIds=` shows the people one talks to, and nobody else."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from conversations.models import Business, Conversation, Membership
from presence import queries, redis_store, tracker
from presence.models import LastSeen
from tests.harness.services import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.urls("presence.urls")]

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ABSENT = {"online": False, "lastSeen": None}


class Town:
    """One business with two members, its customer, and a stranger with another business."""

    def __init__(self) -> None:
        self.olivia, self.amir, self.carol, self.stranger = (
            User.objects.create(username=name) for name in ("olivia", "amir", "carol", "stranger")
        )
        shop = Business.objects.create(name="Shop", slug="shop")
        elsewhere = Business.objects.create(name="Elsewhere", slug="elsewhere")
        Membership.objects.create(business=shop, user=self.olivia, role=Membership.Role.OWNER)
        Membership.objects.create(business=shop, user=self.amir)
        Membership.objects.create(business=elsewhere, user=self.stranger)
        Conversation.objects.create(business=shop, customer=self.carol)
        LastSeen.objects.bulk_create(
            LastSeen(user=user, at=AT + timedelta(minutes=user.pk)) for user in User.objects.all()
        )
        self.online = {str(user.pk) for user in User.objects.all()}
        self.asked: list[set[str]] = []

    def ask(self, reader: User, query: str) -> Any:
        client = APIClient()
        client.force_authenticate(reader)
        response = client.get(f"/presence{query}")
        return response.json() | {"status": response.status_code}

    def about(self, reader: User, *others: User) -> list[Any]:
        ids = ",".join(str(other.pk) for other in others)
        rows: list[Any] = self.ask(reader, f"?userIds={ids}")["results"]
        assert [row.pop("userId") for row in rows] == [str(other.pk) for other in others]
        return rows


class FakeReader:
    def __init__(self, town: Town) -> None:
        self._town = town

    def online(self, user_ids: Collection[str]) -> set[str]:
        self._town.asked.append(set(user_ids))
        return self._town.online & set(user_ids)


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    """Everybody is online, and was seen before."""
    town = Town()
    monkeypatch.setattr(queries, "get_reader", lambda: FakeReader(town))
    monkeypatch.setattr(tracker, "_of_this_process", None)
    return town


def seen(user: User, *, online: bool = True) -> dict[str, Any]:
    at = (AT + timedelta(minutes=user.pk)).isoformat().replace("+00:00", "Z")
    return {"online": online, "lastSeen": at}


def test_a_customer_sees_the_members_of_the_business(town: Town) -> None:
    assert town.about(town.carol, town.olivia, town.amir) == [seen(town.olivia), seen(town.amir)]


def test_a_member_sees_the_customers_and_the_other_members(town: Town) -> None:
    assert town.about(town.amir, town.carol, town.olivia) == [seen(town.carol), seen(town.olivia)]


def test_everybody_sees_themselves(town: Town) -> None:
    assert town.about(town.stranger, town.stranger) == [seen(town.stranger)]


def test_strangers_look_as_if_never_seen(town: Town) -> None:
    assert town.about(town.carol, town.stranger) == [ABSENT]
    assert town.about(town.stranger, town.carol, town.olivia) == [ABSENT, ABSENT]
    assert town.asked == [set(), set()]  # not even looked up


def test_ids_that_are_nobodys_look_the_same(town: Town) -> None:
    odd = [
        "999999",
        "-1",
        "0",
        "nobody",
        "1.5",
        "٣",
        "%00",
        "99999999999999999999",
        f"0{town.olivia.pk}",
        "x" * 500,
    ]
    answer = town.ask(town.carol, f"?userIds={','.join(odd)}")
    assert answer["status"] == 200
    assert len(answer["results"]) == len(odd)
    assert all(row["online"] is False and row["lastSeen"] is None for row in answer["results"])


def test_a_row_for_each_id_in_order(town: Town) -> None:
    rows = town.about(town.carol, town.amir, town.stranger, town.olivia, town.amir)
    assert rows == [seen(town.amir), ABSENT, seen(town.olivia), seen(town.amir)]


def test_the_answer_is_one_page(town: Town) -> None:
    answer = town.ask(town.carol, f"?userIds={town.amir.pk}")
    assert answer["next"] is None
    assert answer["previous"] is None


def test_offline_keeps_the_last_time(town: Town) -> None:
    town.online = set()
    assert town.about(town.carol, town.amir) == [seen(town.amir, online=False)]


@pytest.mark.parametrize("query", ["", "?userIds=", "?userIds=%20,,", "?userids=1"])
def test_without_ids_it_is_invalid(town: Town, query: str) -> None:
    answer = town.ask(town.carol, query)
    assert (answer["status"], answer["error"]["code"]) == (400, "invalid")


def test_too_many_ids_are_invalid(town: Town, settings: Settings) -> None:
    settings.CHAT = dataclasses.replace(settings.CHAT, page_most=3)
    assert town.ask(town.carol, "?userIds=1,2,3")["status"] == 200
    answer = town.ask(town.carol, "?userIds=1,2,3,4")
    assert (answer["status"], answer["error"]["code"]) == (400, "invalid")


def test_a_trailing_slash_and_spaces_are_accepted(town: Town) -> None:
    answer = town.ask(town.carol, f"/?userIds={town.amir.pk},%20{town.olivia.pk}")
    assert [row["userId"] for row in answer["results"]] == [str(town.amir.pk), str(town.olivia.pk)]


def test_strangers_without_a_login_are_refused(town: Town) -> None:
    assert APIClient().get("/presence?userIds=1").status_code in {401, 403}


@pytest.mark.parametrize("number", [1, 4, 150])
def test_the_cost_does_not_grow(
    town: Town, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ids = [str(town.carol.pk + offset) for offset in range(number)]
    with django_assert_num_queries(2):
        queries.presence_of(reader_id=str(town.amir.pk), user_ids=ids)
    assert len(town.asked) == 1


def test_without_redis_it_answers_what_this_process_knows(
    town: Town, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.undo()
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    monkeypatch.setattr(tracker, "connected_here", lambda user_ids: {str(town.amir.pk)})
    monkeypatch.setattr(redis_store, "ASK_AGAIN_SECONDS", 60)
    for _ in range(3):
        assert town.about(town.carol, town.amir, town.olivia) == [
            seen(town.amir),
            seen(town.olivia, online=False),
        ]
    assert sum("Redis cannot be reached" in message for message in caplog.messages) == 1


def test_the_browsable_api_shows_it(town: Town) -> None:
    client = APIClient()
    client.force_login(town.carol)
    response = client.get(f"/presence?userIds={town.amir.pk}", HTTP_ACCEPT="text/html")
    assert response.status_code == 200
    assert b"lastSeen" in response.content
