"""A person mutes, pins, archives and marks as unread, and nobody else sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from conversations import own_objects
from conversations.integrity import find_problems
from conversations.models import Conversation, Membership, OwnState
from conversations.moderation import erasure
from conversations.moderation.exports import export_person
from conversations.own_state.operations import MOST_MARKED
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db


class Scene:
    def __init__(self) -> None:
        self.member, self.colleague, self.customer = person(), person(), person()
        self.where = conversation(business(self.member, self.colleague), self.customer)
        say(self.where, self.customer, ["one", "two", "three"])
        self.path = f"/chat/conversations/{self.where.pk}"

    def seen_by(self, user: User) -> dict[str, Any]:
        found: dict[str, Any] = client_of(user).get(self.path).json()
        return found

    def change(self, user: User, **body: Any) -> Any:
        return client_of(user).patch(self.path, body, format="json")

    def mark(self, user: User, seq: int) -> Any:
        return client_of(user).patch(f"{self.path}/unread", {"seq": seq}, format="json")

    def read(self, user: User) -> None:
        assert client_of(user).patch(f"{self.path}/read").status_code == 200

    def unread(self, user: User) -> dict[str, Any]:
        found: dict[str, Any] = client_of(user).get("/chat/unread-count").json()
        return found


@pytest.fixture
def scene() -> Scene:
    return Scene()


def soon() -> str:
    return (timezone.now() + timedelta(hours=1)).isoformat()


def test_a_user_who_has_set_nothing_has_no_own_state(scene: Scene) -> None:
    assert "own" not in scene.seen_by(scene.member)


def test_a_pin_is_the_persons_own(scene: Scene) -> None:
    answer = scene.change(scene.member, pinned=True)
    assert answer.status_code == 200
    expected = {"stateRev": 1, "mutedUntil": None, "pinned": True, "unreadFrom": None}
    assert answer.json()["own"] == scene.seen_by(scene.member)["own"] == expected
    assert "own" not in scene.seen_by(scene.colleague)
    assert "own" not in scene.seen_by(scene.customer)


def test_a_change_takes_a_state_rev_and_no_rev(scene: Scene) -> None:
    before = scene.seen_by(scene.customer)
    for _ in range(2):
        scene.change(scene.member, pinned=True)
    assert scene.change(scene.member, pinned=False, mutedUntil=soon()).json()["own"]["stateRev"] == 2
    assert scene.seen_by(scene.customer) == before


def test_the_list_finds_pinned_conversations(scene: Scene) -> None:
    other = conversation(business(person()), scene.customer)
    scene.change(scene.customer, pinned=True)
    client = client_of(scene.customer)

    def found(pinned: str) -> list[str]:
        return [row["id"] for row in client.get(f"/chat/conversations?pinned={pinned}").json()["results"]]

    assert found("true") == [str(scene.where.pk)]
    assert found("false") == [str(other.pk)]


def test_a_muted_conversation_counts_apart_until_the_time_is_over(scene: Scene) -> None:
    key = str(scene.where.pk)
    assert scene.unread(scene.member) == {"total": 3, "conversations": {key: 3}}
    scene.change(scene.member, mutedUntil=soon())
    answer = scene.unread(scene.member)
    assert (answer["total"], answer["muted"], answer["conversations"]) == (0, 3, {key: 3})
    assert list(answer["mutedUntil"]) == [key]
    assert scene.unread(scene.colleague)["total"] == 3
    assert own_objects.is_muted(scene.member.pk, scene.where.pk)
    assert own_objects.muted_among([scene.member.pk, scene.colleague.pk], scene.where.pk) == {scene.member.pk}
    OwnState.objects.update(muted_until=timezone.now())
    assert scene.unread(scene.member)["total"] == 3
    assert not own_objects.is_muted(scene.member.pk, scene.where.pk)


def test_null_ends_a_mute(scene: Scene) -> None:
    scene.change(scene.member, mutedUntil=soon())
    assert scene.change(scene.member, mutedUntil=None).json()["own"]["mutedUntil"] is None
    assert scene.unread(scene.member)["total"] == 3


def test_a_mark_counts_read_messages_again_only_for_its_person(scene: Scene) -> None:
    scene.read(scene.member)
    before = scene.seen_by(scene.customer)
    marked = scene.mark(scene.member, 2)
    assert marked.status_code == 200
    assert (marked.json()["unreadCount"], marked.json()["own"]["unreadFrom"]) == (2, 2)
    assert scene.unread(scene.member) == {"total": 2, "conversations": {str(scene.where.pk): 2}}
    assert scene.unread(scene.colleague)["total"] == 0
    assert scene.seen_by(scene.customer) == before
    client = client_of(scene.member)
    assert len(client.get("/chat/conversations?unread=true").json()["results"]) == 1
    assert client.get("/chat/conversations?unread=false").json()["results"] == []


def test_a_mark_adds_to_the_unread_messages(scene: Scene) -> None:
    scene.read(scene.member)
    scene.mark(scene.member, 3)
    say(scene.where, scene.customer, ["four"])
    assert scene.seen_by(scene.member)["unreadCount"] == 2
    assert scene.seen_by(scene.colleague)["unreadCount"] == 1


def test_the_next_read_ends_the_readers_mark_and_no_other(scene: Scene) -> None:
    scene.read(scene.member)
    scene.mark(scene.member, 1)
    scene.mark(scene.colleague, 2)
    scene.read(scene.member)
    assert scene.seen_by(scene.member)["own"] == {
        "stateRev": 2, "mutedUntil": None, "pinned": False, "unreadFrom": None,
    }  # fmt: skip
    assert scene.seen_by(scene.member)["unreadCount"] == 0
    assert scene.seen_by(scene.colleague)["unreadCount"] == 2
    assert Conversation.objects.get(pk=scene.where.pk).marks == 1
    assert list(find_problems()) == []


@pytest.mark.parametrize(
    "body",
    [{}, {"pinned": None}, {"mutedUntil": "2020-01-01T00:00:00Z"}, {"mutedUntil": "2999-01-01T00:00:00"}],
)
def test_bad_changes_are_invalid(scene: Scene, body: dict[str, Any]) -> None:
    answer = scene.change(scene.member, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


@pytest.mark.parametrize("seq", [0, 4, -1])
def test_a_mark_needs_a_message(scene: Scene, seq: int) -> None:
    assert scene.mark(scene.member, seq).status_code == 400


def test_a_mark_reaches_a_bounded_number_of_messages(scene: Scene) -> None:
    Conversation.objects.update(last_seq=MOST_MARKED + 1, rev=MOST_MARKED + 10)
    assert scene.mark(scene.member, 1).json()["error"]["code"] == "too_large"
    assert scene.mark(scene.member, 2).status_code == 200


def test_outsiders_and_ex_members_change_nothing(scene: Scene) -> None:
    Membership.objects.filter(user=scene.member).delete()
    for user in (person(), scene.member):
        assert scene.change(user, pinned=True).status_code == 404
        assert scene.mark(user, 1).status_code == 404
    assert not OwnState.objects.exists()


def test_archiving_goes_with_the_rest_in_one_change(scene: Scene) -> None:
    shown = scene.change(scene.member, archived=True, pinned=True).json()
    assert (shown["archived"], shown["own"]["pinned"]) == (True, True)


def test_an_export_has_it_and_an_erasure_removes_it(scene: Scene) -> None:
    scene.read(scene.customer)
    say(scene.where, scene.member, ["hello"])
    scene.read(scene.customer)
    scene.mark(scene.customer, 4)
    lines = b"".join(export_person(actor=None, user_id=scene.customer.pk, reason="asked for"))
    assert b'"kind":"ownState"' in lines
    erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="asked for")
    assert not OwnState.objects.exists()
    assert list(find_problems()) == []
