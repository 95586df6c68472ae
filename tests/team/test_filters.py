"""The list of conversations, filtered by what the team has set."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from conversations.models import Membership
from tests.conversations.people import conversation, say
from tests.team.scene import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def found(scene: Scene, who: Any = None, **query: str) -> set[str]:
    answer = scene.get(who or scene.member, "/chat/conversations", **query)
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def test_each_filter_finds_its_conversations(scene: Scene) -> None:
    quiet, mine = str(conversation(scene.shop).pk), str(scene.talk.pk)
    label, group = scene.label(), scene.group()
    assert found(scene, status="open") == found(scene, assignee="none") == {quiet, mine}
    assert found(scene, priority="none") == found(scene, group="none") == {quiet, mine}
    me = str(scene.member.pk)
    scene.set(scene.member, status="pending", assigneeId=me, groupId=group, priority="high", labelIds=[label])
    having = [
        {"status": "pending"},
        {"assignee": "me"},
        {"assignee": me},
        {"group": group},
        {"priority": "high"},
        {"label": label},
        {"label": label, "status": "pending", "businessId": str(scene.shop.pk)},
    ]
    assert [found(scene, **query) for query in having] == [{mine}] * len(having)
    lacking = [{"status": "open"}, {"assignee": "none"}, {"group": "none"}, {"priority": "none"}]
    assert [found(scene, **query) for query in lacking] == [{quiet}] * len(lacking)
    assert found(scene, label=label, status="open") == found(scene, scene.colleague, assignee="me") == set()


def test_a_customer_finds_nothing_with_them(scene: Scene) -> None:
    scene.set(scene.member, priority="high")
    for query in ({"status": "open"}, {"priority": "high"}, {"assignee": "none"}):
        assert found(scene, scene.customer, **query) == set()
    other = Scene()
    Membership.objects.create(business=other.shop, user=scene.customer)
    assert found(scene, scene.customer, status="open") == {str(other.talk.pk)}  # as a member there


def test_pages_follow_each_other(scene: Scene) -> None:
    talks = [conversation(scene.shop) for _ in range(3)]
    for talk in talks:
        say(talk, talk.customer, ["hi"])
    seen, query = [], {"status": "open", "limit": "2"}
    answer = scene.get(scene.member, "/chat/conversations", **query).json()
    while True:
        seen += [row["id"] for row in answer["results"]]
        if not answer["next"]:
            break
        answer = scene.get(scene.member, answer["next"]).json()
    assert sorted(seen) == sorted(str(talk.pk) for talk in (*talks, scene.talk))


@pytest.mark.parametrize(
    "query", [{"status": "x"}, {"priority": "x"}, {"assignee": "x y"}, {"label": "x"}, {"group": "x"}]
)
def test_an_unknown_filter_is_refused(scene: Scene, query: dict[str, str]) -> None:
    assert scene.get(scene.member, "/chat/conversations", **query).status_code == 400
    assert scene.get(scene.member, "/chat/conversations", label=str(uuid4())).json()["results"] == []


def test_the_states_of_a_list_come_together(scene: Scene) -> None:
    label, untouched = scene.label(), str(conversation(scene.shop).pk)
    scene.set(scene.member, status="pending", labelIds=[label])
    elsewhere = Scene()
    elsewhere.set(elsewhere.member, priority="high")
    ids = ",".join([str(scene.talk.pk), untouched, str(elsewhere.talk.pk), "nothing"])
    assert scene.get(scene.member, "/team/states", ids=ids).json()["results"] == [scene.state()]
    assert scene.get(scene.customer, "/team/states", ids=ids).json()["results"] == []
    assert scene.get(scene.member, "/team/states", ids="x," * 201).status_code == 413


def test_members_see_their_team(scene: Scene) -> None:
    query = {"businessId": str(scene.shop.pk)}
    names = [row["id"] for row in scene.get(scene.colleague, "/team/members", **query).json()["results"]]
    assert names == [str(scene.member.pk), str(scene.colleague.pk)]
    assert scene.get(scene.customer, "/team/members", **query).status_code == 404
