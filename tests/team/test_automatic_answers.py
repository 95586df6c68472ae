"""Welcome and away answers: when they are due, and when they are not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conversations.membership import add_member
from conversations.models import AutomaticAnswer, BusinessHours, ChatMessage, Conversation, Membership, Side
from conversations.team.automations.answering import answer_automatically
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db
CLOSED: list[list[dict[str, str]]] = [[] for _ in range(7)]
TEXTS = {"welcome": "Hi {{customer.firstName}}!", "away": "We are closed. Back: {{hours.nextOpening|soon}}."}


class Scene:
    def __init__(self) -> None:
        self.owner, self.agent, self.customer = person(), person(), person("carol")
        self.shop = business(self.owner)
        add_member(business_id=self.shop.pk, user_id=self.agent.pk)
        self.where = conversation(self.shop, self.customer)
        assert self.set(**TEXTS).status_code == 200

    def set(self, user: Any = None, **texts: str) -> Any:
        path = f"/team/automations/{self.shop.pk}"
        return client_of(user or self.owner).put(path, texts, format="json")

    def close(self) -> None:
        BusinessHours.objects.create(business=self.shop, timezone="UTC", weekly=CLOSED)

    def write(self) -> ChatMessage:
        say(self.where, self.customer, ["a question"])
        message = self.last()
        answer_automatically.call(str(message.pk))
        return message

    def last(self) -> ChatMessage:
        return ChatMessage.objects.filter(conversation=self.where).order_by("seq").last()  # type: ignore[return-value]

    def answers(self) -> list[str]:
        rows = ChatMessage.objects.filter(conversation=self.where, sender_side=Side.SYSTEM)
        return list(rows.order_by("seq").values_list("content", flat=True))

    def age(self, **by: int) -> None:
        """Move everything into the past."""
        for row in ChatMessage.objects.filter(conversation=self.where):
            ChatMessage.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(**by))
        for answer in AutomaticAnswer.objects.filter(conversation=self.where):
            answer.sent_at -= timedelta(**by)
            answer.save()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_customer_is_welcomed_once_a_day_and_only_after_a_silence(scene: Scene) -> None:
    message = scene.write()
    assert scene.answers() == ["Hi carol!"]
    answer_automatically.call(str(message.pk))  # a job may run twice
    scene.write()
    assert scene.answers() == ["Hi carol!"]
    scene.age(hours=23)
    scene.write()
    assert scene.answers() == ["Hi carol!"]
    scene.age(hours=25)
    scene.write()
    assert scene.answers() == ["Hi carol!"] * 2
    scene.where.refresh_from_db()
    assert scene.where.customer_unread == 0  # it causes no push and no mail


def test_the_away_answer_comes_while_the_business_is_closed(scene: Scene) -> None:
    scene.close()
    scene.write()
    scene.write()
    assert scene.answers() == ["We are closed. Back: soon."]
    scene.age(hours=25)
    scene.write()
    assert len(scene.answers()) == 2


def test_no_answer_within_five_minutes_of_an_agent(scene: Scene) -> None:
    scene.close()
    say(scene.where, scene.agent, ["I am here"])
    scene.age(minutes=4)
    scene.write()
    assert scene.answers() == []
    scene.age(minutes=2)
    scene.write()
    assert len(scene.answers()) == 1


def block_customer(scene: Scene) -> None:
    client_of(scene.owner).put(f"/chat/blocks/{scene.customer.pk}")


def block_business(scene: Scene) -> None:
    client_of(scene.customer).put(f"/chat/blocks/businesses/{scene.shop.pk}")


def freeze(scene: Scene) -> None:
    Conversation.objects.filter(pk=scene.where.pk).update(frozen_at=timezone.now())


def become_a_bot(scene: Scene) -> None:
    other = business()
    Membership.objects.create(business=other, user=scene.customer, is_bot=True)


def delete(scene: Scene) -> None:
    client_of(scene.customer).delete(f"/chat/messages/{scene.last().pk}")


def turn_off(scene: Scene) -> None:
    scene.set(welcome="", away="")


def wait_too_long(scene: Scene) -> None:
    scene.age(minutes=16)


@pytest.mark.parametrize(
    "change",
    [block_customer, block_business, freeze, become_a_bot, delete, turn_off, wait_too_long],
    ids=lambda change: change.__name__,
)
def test_no_answer(scene: Scene, change: Callable[[Scene], None]) -> None:
    say(scene.where, scene.customer, ["a question"])
    message = scene.last()
    change(scene)
    answer_automatically.call(str(message.pk))
    assert scene.answers() == []


def test_only_messages_of_customers_of_such_a_business_enqueue_the_job(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        "conversations.team.automations.answering.enqueue", lambda job, key: asked.append(key)
    )
    say(scene.where, scene.agent, ["not me"])
    say(scene.where, scene.customer, ["me"])
    assert asked == [str(scene.last().pk)]
    scene.set(welcome=" ", away="")
    say(scene.where, scene.customer, ["nor me now"])
    say(conversation(business()), person(), [])
    assert len(asked) == 1


def test_owners_set_the_texts_and_members_read_them(scene: Scene) -> None:
    path = f"/team/automations/{scene.shop.pk}"
    assert client_of(scene.agent).get(path).json() == TEXTS
    assert scene.set(scene.agent, welcome="x").status_code == 403
    assert scene.set(scene.customer, welcome="x").status_code == 404
    assert client_of(scene.customer).get(path).status_code == 404
    assert scene.set(welcome="{{agent.name}}").status_code == 400
    assert client_of(scene.agent).get(path).json() == TEXTS
