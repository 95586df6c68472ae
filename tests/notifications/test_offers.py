"""Offers: who may make them, what is refused, the result of each answer, and what the conversation shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from chatsite.realtime.hub import Addressed
from conversations.membership import remove_member
from conversations.models import ChatMessage, Conversation, Membership
from notifications import offers, operations
from notifications.models import Notification, Offer
from tests.notifications.conftest import Town, make_api, told, tomorrow

pytestmark = pytest.mark.urls("notifications.urls")
Json = dict[str, Any]


def post(user: User, path: str, body: Json | None = None) -> tuple[int, Json]:
    response = make_api(user).post(path, body or {}, format="json")
    return response.status_code, response.json()


def body_of(town: Town, **more: Any) -> Json:
    return {
        "conversationId": str(town.conversation.pk),
        "title": "Blue bike",
        "amountMinor": 129900,
        "currency": "EUR",
        "expiresAt": tomorrow().isoformat(),
        **more,
    }


def offer(town: Town, by: User | None = None, **more: Any) -> tuple[int, Json]:
    return post(by or town.amir, "/offers", body_of(town, **more))


def error_of(answer: tuple[int, Json]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def lines(town: Town) -> list[str]:
    rows = ChatMessage.objects.filter(conversation=town.conversation).order_by("seq")
    assert {(row.message_type, row.sender_side, row.sender_id) for row in rows} <= {
        ("system", "system", None)
    }
    return [row.content for row in rows]


def titles(user: User) -> list[str]:
    rows = Notification.objects.filter(recipient=user, deleted_at=None).order_by("created_rev")
    return [row.title for row in rows]


def test_the_customer_is_notified_and_the_conversation_shows_it(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        status, made = offer(town, description="With lights")
    assert status == 201
    assert made.keys() == {
        *("id", "conversationId", "businessId", "customerId", "authorId", "clientId", "title", "description"),
        *("amountMinor", "amount", "currency", "status", "expiresAt", "answeredAt", "createdAt"),
    }
    assert (made["amount"], made["status"], made["customerId"]) == ("1299.00", "pending", str(town.carol.pk))
    (event,) = told(sent, town.carol)
    notice = event["notification"]
    assert (notice["type"], notice["actionUrl"]) == ("offer", f"/offers/{made['id']}")
    assert notice["title"] == "Offer from Shop: Blue bike, €1,299.00"
    assert (notice["data"]["offerId"], notice["data"]["amountMinor"]) == (made["id"], 129900)
    assert told(sent, town.amir) == []
    (line,) = lines(town)
    assert line.startswith("Offer: Blue bike, €1,299.00. Valid until ")
    assert "new_message" in [event.name for _, event in sent]
    assert make_api(town.carol).get(notice["actionUrl"]).json() == made


@pytest.mark.parametrize(("verb", "status"), [("accept", "accepted"), ("decline", "declined")])
def test_the_author_hears_the_customers_answer(town: Town, verb: str, status: str) -> None:
    _, made = offer(town)
    path = f"/offers/{made['id']}/{verb}"
    code, answered = post(town.carol, path)
    assert (code, answered["status"]) == (200, status)
    assert post(town.carol, f"{path}/") == (200, answered)
    assert titles(town.amir) == [f"Carol {status} your offer: Blue bike, €1,299.00"]
    assert titles(town.olivia) == []
    assert lines(town)[1:] == [f"Offer {status}: Blue bike, €1,299.00."]
    assert Notification.objects.get(recipient=town.carol).read_at is not None


def test_owners_hear_it_where_the_author_has_left(town: Town) -> None:
    _, made = offer(town)
    remove_member(business_id=town.shop.pk, user_id=town.amir.pk)
    post(town.carol, f"/offers/{made['id']}/accept")
    assert (len(titles(town.olivia)), titles(town.amir)) == (1, [])


def test_withdrawing_tells_the_customer_and_the_author(town: Town) -> None:
    _, made = offer(town)
    assert post(town.olivia, f"/offers/{made['id']}/withdraw")[1]["status"] == "withdrawn"
    withdrawn = "Shop withdrew an offer: Blue bike, €1,299.00"
    assert titles(town.carol)[1:] == [withdrawn]
    assert titles(town.amir) == [withdrawn]
    assert titles(town.olivia) == []
    assert error_of(post(town.carol, f"/offers/{made['id']}/accept")) == (409, "conflict")


@pytest.mark.parametrize("first", ["accept", "decline", "withdraw"])
@pytest.mark.parametrize("then", ["accept", "decline", "withdraw"])
def test_an_offer_is_settled_once(town: Town, first: str, then: str) -> None:
    _, made = offer(town)

    def act(verb: str) -> tuple[int, Json]:
        return post(town.amir if verb == "withdraw" else town.carol, f"/offers/{made['id']}/{verb}")

    _, settled = act(first)
    before = (Notification.objects.count(), len(lines(town)))
    status, answer = act(then)
    if first == then:
        assert (status, answer) == (200, settled)
    else:
        assert (status, answer["error"]["details"]) == (409, {"status": settled["status"]})
    assert (Notification.objects.count(), len(lines(town))) == before


def test_an_expired_offer_cannot_be_answered(town: Town) -> None:
    _, made = offer(town)
    past = timezone.now() - timedelta(days=2)
    Offer.objects.update(created_at=past, expires_at=past + timedelta(days=1))
    path = f"/offers/{made['id']}"
    assert make_api(town.carol).get(path).json()["status"] == "expired"
    for _ in range(2):
        status, answer = post(town.carol, f"{path}/accept")
        assert (status, answer["error"]["details"]) == (409, {"status": "expired"})
    assert Offer.objects.get().status == "expired"
    assert len(lines(town)) == 2
    assert len(titles(town.amir)) == 1


def test_permissions(town: Town) -> None:
    assert error_of(offer(town, by=town.carol)) == (403, "forbidden")
    assert error_of(offer(town, by=town.stranger)) == (404, "not_found")
    _, made = offer(town)
    path = f"/offers/{made['id']}"
    for verb in ("accept", "decline", "withdraw"):
        assert error_of(post(town.stranger, f"{path}/{verb}")) == (404, "not_found")
    for member in (town.amir, town.olivia):
        assert error_of(post(member, f"{path}/accept")) == (403, "forbidden")
        assert error_of(post(member, f"{path}/decline")) == (403, "forbidden")
    assert error_of(post(town.carol, f"{path}/withdraw")) == (403, "forbidden")
    assert make_api(town.stranger).get(path).status_code == 404
    assert make_api(town.olivia).get(path).json() == made
    assert error_of(post(town.carol, f"/offers/{uuid4()}/accept")) == (404, "not_found")
    assert error_of(post(town.carol, "/offers/nonsense/accept")) == (404, "not_found")
    assert Offer.objects.get().status == "pending"


def test_the_same_client_id_makes_one_offer(town: Town) -> None:
    status, made = offer(town, clientId="c1")
    assert (status, made["clientId"]) == (201, "c1")
    assert offer(town, clientId="c1", title="Something else") == (200, made)
    assert offer(town, clientId="c1", by=town.olivia)[0] == 201  # another author uses the same client id
    assert (len(lines(town)), len(titles(town.carol))) == (2, 2)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"conversationId": "nonsense"}, 404),
        ({"conversationId": str(uuid4())}, 404),
        ({"conversationId": None}, 400),
        ({"title": "   "}, 400),
        ({"title": "x" * 201}, 413),
        ({"title": "a\u0000b"}, 400),
        ({"description": "x" * 4_001}, 413),
        ({"amountMinor": 0}, 400),
        ({"amountMinor": -5}, 400),
        ({"amountMinor": 2**53}, 400),
        ({"amountMinor": 10**30}, 400),
        ({"amountMinor": 1.5}, 400),
        ({"amountMinor": "100"}, 400),
        ({"amountMinor": True}, 400),
        ({"currency": "eur"}, 400),
        ({"currency": "XXX"}, 400),
        ({"currency": "BGN"}, 400),
        ({"currency": ""}, 400),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, 400),
        ({"expiresAt": "2099-01-01T00:00:00Z"}, 400),
        ({"expiresAt": "2027-01-01T00:00:00"}, 400),
        ({"expiresAt": "tomorrow"}, 400),
        ({"expiresAt": "9999-12-31T23:59:59-23:59"}, 400),
        ({"clientId": ""}, 400),
    ],
)
def test_bad_bodies_are_refused(town: Town, change: Json, status: int) -> None:
    assert offer(town, **change)[0] == status
    assert (Offer.objects.count(), Notification.objects.count(), lines(town)) == (0, 0, [])


def test_a_frozen_conversation_takes_no_offers_and_no_answers(town: Town) -> None:
    _, made = offer(town)
    Conversation.objects.update(frozen_at=timezone.now())
    assert error_of(offer(town)) == (423, "frozen")
    assert error_of(post(town.carol, f"/offers/{made['id']}/accept")) == (423, "frozen")
    assert Offer.objects.get().status == "pending"


def test_offer_message_and_notification_are_one_transaction(
    town: Town,
    sent: list[Addressed],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def fail(**arguments: Any) -> None:
        raise IntegrityError("the disk is full")

    _, made = offer(town)
    monkeypatch.setattr(operations, "notify", fail)
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(IntegrityError), transaction.atomic():
            offers.accept_offer(user_id=town.carol.pk, offer_id=made["id"])
        with pytest.raises(IntegrityError), transaction.atomic():
            offers.make_offer(
                author_id=town.amir.pk,
                conversation_id=town.conversation.pk,
                title="x",
                amount_minor=1,
                currency="EUR",
                expires_at=tomorrow(),
            )
    assert sent == []
    assert len(lines(town)) == 1
    assert Offer.objects.get().status == "pending"


def test_the_list_of_a_conversation(
    town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        offer(town, title=f"offer {number}")
    path = f"/offers?conversationId={town.conversation.pk}&limit=3"
    for reader in (town.carol, town.olivia):
        with django_assert_max_num_queries(3):
            page = make_api(reader).get(path).json()
        rest = make_api(reader).get(page["next"]).json()
        found = [row["title"] for row in page["results"] + rest["results"]]
        assert found == [f"offer {number}" for number in (4, 3, 2, 1, 0)]
    assert make_api(town.stranger).get(path).status_code == 404
    assert make_api(town.carol).get("/offers").status_code == 400


def test_a_removed_member_loses_sight_of_it(town: Town) -> None:
    _, made = offer(town)
    Membership.objects.filter(user=town.amir).delete()
    assert make_api(town.amir).get(f"/offers/{made['id']}").status_code == 404
    assert error_of(post(town.amir, f"/offers/{made['id']}/withdraw")) == (404, "not_found")
