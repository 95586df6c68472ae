"""A customer is asked once for each resolved episode, and rates it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from conversations.models import ChatMessage, Episode, Side
from conversations.moderation import erasure
from conversations.team.operations import set_team_state
from conversations.team.reports.recording import measure_episode
from conversations.team.requests import TeamBody
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db


class Scene:
    def __init__(self) -> None:
        self.owner, self.customer = person(), person()
        self.shop = business(self.owner)
        self.where = conversation(self.shop, self.customer)
        self.path = f"/chat/conversations/{self.where.pk}/csat"
        self.set(True)

    def set(self, enabled: bool, user: Any = None, question: str = "Happy?") -> Any:
        body = {"enabled": enabled, "question": question}
        return client_of(user or self.owner).put(f"/team/csat/{self.shop.pk}", body, format="json")

    def resolve(self, *, answered: bool = True) -> None:
        say(self.where, self.customer, ["a question"])
        if answered:
            say(self.where, self.owner, ["an answer"])
        set_team_state(user_id=self.owner.pk, conversation_id=self.where.pk, body=TeamBody(status="resolved"))
        self.where.refresh_from_db()
        seq = self.where.last_seq
        measure_episode.call(str(self.where.pk), seq)
        measure_episode.call(str(self.where.pk), seq)  # a job may run twice

    def questions(self) -> int:
        return ChatMessage.objects.filter(conversation=self.where, sender_side=Side.SYSTEM).count()

    def asked_at(self) -> Any:
        return client_of(self.customer).get(self.path).json()["askedAt"]

    def rate(self, score: Any, user: Any = None, **more: Any) -> Any:
        return client_of(user or self.customer).put(self.path, {"score": score, **more}, format="json")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_customer_is_asked_once_and_rates(scene: Scene) -> None:
    assert scene.asked_at() is None
    assert scene.rate(5).status_code == 404  # not asked yet
    scene.resolve()
    assert scene.questions() == 1
    shown = client_of(scene.customer).get(scene.path).json()
    assert (shown["score"], shown["ratedAt"]) == (None, None)
    # The page shows the card below the message that asks.
    line = ChatMessage.objects.get(conversation=scene.where, sender_side=Side.SYSTEM)
    assert datetime.fromisoformat(shown["askedAt"]) == line.created_at
    assert scene.rate(2, comment="slow").json()["score"] == 2
    assert scene.rate(4).json()["comment"] == ""
    episode = Episode.objects.get(conversation=scene.where)
    assert (episode.score, episode.agent) == (4, scene.owner)
    scene.resolve()
    assert scene.questions() == 2
    asked = {"businessId": str(scene.shop.pk), "metric": "csat", "groupBy": "agent"}
    [row] = client_of(scene.owner).get("/team/reports", asked).json()["rows"]
    assert row["values"] == {"asked": 2, "rated": 1, "mean": 4, "positiveShare": 1}


def test_only_the_customer_rates_and_only_with_a_score(scene: Scene) -> None:
    scene.resolve()
    for other in (scene.owner, person()):
        assert scene.rate(5, other).status_code == 404
        assert client_of(other).get(scene.path).status_code == 404
    for score in (0, 6, "5", None):
        assert scene.rate(score).status_code == 400
    client_of(scene.owner).put(f"/chat/blocks/{scene.customer.pk}")
    assert scene.rate(1).status_code == 403


@pytest.mark.parametrize("case", ["off", "no answer", "blocked"])
def test_people_who_are_not_asked(scene: Scene, case: str) -> None:
    if case == "off":
        scene.set(False)
    say(scene.where, scene.customer, ["hello"])
    if case == "blocked":
        say(scene.where, scene.owner, ["hello"])
        client_of(scene.owner).put(f"/chat/blocks/{scene.customer.pk}")
        set_team_state(
            user_id=scene.owner.pk, conversation_id=scene.where.pk, body=TeamBody(status="resolved")
        )
        measure_episode.call(str(scene.where.pk), 2)
    else:
        scene.resolve(answered=case != "no answer")
    assert scene.questions() == 0
    assert scene.asked_at() is None


def test_a_question_closes_after_two_weeks(scene: Scene) -> None:
    scene.resolve()
    episode = Episode.objects.get(conversation=scene.where)
    assert episode.asked_at is not None
    Episode.objects.update(asked_at=episode.asked_at - timedelta(days=15))
    assert scene.asked_at() is None
    assert scene.rate(5).status_code == 404


def test_owners_turn_ratings_on(scene: Scene) -> None:
    path = f"/team/csat/{scene.shop.pk}"
    assert client_of(scene.owner).get(path).json() == {"enabled": True, "question": "Happy?"}
    for stranger in (scene.customer, person()):
        assert scene.set(True, stranger).status_code == 404
        assert client_of(stranger).get(path).status_code == 404


def test_an_erased_customer_leaves_no_comment(scene: Scene) -> None:
    scene.resolve()
    scene.rate(1, comment="my address is …")
    erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="asked")
    episode = Episode.objects.get(conversation=scene.where)
    assert (episode.comment, episode.score) == ("", 1)
