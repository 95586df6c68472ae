"""The forms of the pages: one operation each, with clear refusals, and never for somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from chatsite.config.limits import Limits
from conversations import operations as chat
from conversations.models import Business, ChatMessage, Conversation, Membership
from notifications.models import Notification
from notifications.operations import notify


@pytest.fixture
def shop(db: None) -> Business:
    business = Business.objects.create(name="Corner Shop", slug="corner-shop")
    owner = get_user_model().objects.create_user("owner")
    Membership.objects.create(business=business, user=owner, role="owner")
    return business


@pytest.fixture
def customer(shop: Business) -> Any:
    return get_user_model().objects.create_user("kim", first_name="Kim", last_name="Lee")


@pytest.fixture
def browser(customer: Any) -> Client:
    client = Client()
    client.force_login(customer)
    return client


@pytest.fixture
def conversation(shop: Business, customer: Any) -> Conversation:
    return chat.open_conversation(user_id=customer.pk, business_id=str(shop.pk))[0]


@pytest.fixture
def stranger(shop: Business) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_user("stranger"))
    return client


def test_opening_makes_the_one_conversation(browser: Client, shop: Business) -> None:
    answers = [browser.post("/app/open", {"businessId": str(shop.pk)})["Location"] for _ in range(2)]
    assert set(answers) == {f"/app/c/{Conversation.objects.get().pk}"}


def test_an_unknown_business_is_a_page_that_says_so(browser: Client) -> None:
    for key in ("", "nonsense", "00000000-0000-0000-0000-000000000000"):
        answer = browser.post("/app/open", {"businessId": key})
        assert answer.status_code == 404
        assert "Not found" in answer.content.decode()


def test_the_same_form_twice_makes_one_message(browser: Client, conversation: Conversation) -> None:
    for _ in range(2):
        body = {"content": "hello", "clientId": "form-1"}
        assert browser.post(f"/app/c/{conversation.pk}/send", body)["Location"] == f"/app/c/{conversation.pk}"
    assert ChatMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"), [("x" * (Limits.message_length + 1), "too long"), ("  ", "did not work")]
)
def test_a_refused_message_is_explained(
    browser: Client, conversation: Conversation, content: str, words: str
) -> None:
    answer = browser.post(f"/app/c/{conversation.pk}/send", {"content": content}, follow=True)
    assert words in answer.content.decode()
    assert not ChatMessage.objects.exists()


@pytest.mark.parametrize("what", ["send", "read", "archive"])
def test_a_strangers_form_changes_nothing(stranger: Client, conversation: Conversation, what: str) -> None:
    before = Conversation.objects.values().get()
    answer = stranger.post(f"/app/c/{conversation.pk}/{what}", {"content": "hello", "archived": "1"})
    assert answer.status_code == 404
    assert Conversation.objects.values().get() == before


def test_notifications_are_private(browser: Client, stranger: Client, customer: Any) -> None:
    told = notify(recipient_id=customer.pk, type="system", title="Only for Kim")
    for verb in ("read", "delete", "accept"):
        answer = stranger.post(f"/app/notifications/{told.id}/{verb}", follow=True)
        assert "do not have access" in answer.content.decode()
    row = Notification.objects.get()
    assert (row.read_at, row.deleted_at) == (None, None)
    assert "Only for Kim" in browser.get("/app/notifications").content.decode()


def test_a_notification_without_a_question_cannot_be_answered(browser: Client, customer: Any) -> None:
    told = notify(recipient_id=customer.pk, type="system", title="News")
    answer = browser.post(f"/app/notifications/{told.id}/accept", follow=True)
    assert "did not work" in answer.content.decode()


def test_read_all_takes_a_type_or_all(browser: Client, customer: Any) -> None:
    notify(recipient_id=customer.pk, type="system", title="News")
    browser.post("/app/notifications/read-all", {"type": "offer"})
    assert Notification.objects.get().read_at is None
    browser.post("/app/notifications/read-all")
    assert Notification.objects.get().read_at is not None


def test_the_number_of_queries_does_not_depend_on_the_list(
    browser: Client, shop: Business, django_assert_max_num_queries: Any
) -> None:
    owner = Client()
    owner.force_login(get_user_model().objects.get(username="owner"))
    for number in range(12):
        user = get_user_model().objects.create_user(f"customer-{number}")
        chat.open_conversation(user_id=user.pk, business_id=str(shop.pk))
    with django_assert_max_num_queries(30):  # six of them are for the first steps, which an owner can hide
        assert owner.get("/app").content.decode().count("data-row ") > 12
