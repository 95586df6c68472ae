"""A participant adds emoji to messages and removes them, and everybody sees the same list."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User

from conversations import operations
from conversations.models import ChatMessage, Conversation, MessageEdit
from conversations.moderation import erasure
from conversations.moderation import operations as moderation
from conversations.reactions.models import Reaction
from conversations.reactions.operations import MOST_EMOJI
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db

THUMB = "👍"


class Scene:
    def __init__(self) -> None:
        self.member, self.customer = person(), person()
        self.where = conversation(business(self.member), self.customer)
        say(self.where, self.customer, ["hello"])
        self.message = ChatMessage.objects.get()

    def react(self, user: User, emoji: str, method: str = "put") -> Any:
        address = f"/chat/messages/{self.message.pk}/reactions/{quote(emoji, safe='')}"
        return getattr(client_of(user), method)(address)

    def shown(self, reader: User) -> list[dict[str, Any]]:
        page = client_of(reader).get(f"/chat/conversations/{self.where.pk}/messages").json()
        reactions: list[dict[str, Any]] = page["results"][0]["reactions"]
        return reactions

    def rev(self) -> int:
        return Conversation.objects.get(pk=self.where.pk).rev


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_both_sides_see_who_reacted(scene: Scene) -> None:
    answer = scene.react(scene.member, THUMB)
    assert answer.status_code == 200
    scene.react(scene.customer, THUMB)
    scene.react(scene.customer, "🎉")
    member, customer = str(scene.member.pk), str(scene.customer.pk)
    expected = [
        {"emoji": THUMB, "count": 2, "userIds": [member, customer]},
        {"emoji": "🎉", "count": 1, "userIds": [customer]},
    ]
    assert scene.shown(scene.member) == scene.shown(scene.customer) == expected
    assert answer.json()["reactions"] == [{"emoji": THUMB, "count": 1, "userIds": [member]}]


def test_each_change_takes_one_rev_and_repeats_take_none(scene: Scene) -> None:
    before = scene.rev()
    for _ in range(3):
        scene.react(scene.member, THUMB)
    assert scene.rev() == before + 1
    for _ in range(3):
        assert scene.react(scene.member, THUMB, "delete").status_code == 204
    assert scene.rev() == before + 2
    assert scene.shown(scene.member) == []


def test_a_reaction_makes_nothing_unread_and_no_edit(scene: Scene) -> None:
    operations.mark_read(user_id=scene.member.pk, conversation_id=scene.where.pk)
    scene.react(scene.customer, THUMB)
    scene.where.refresh_from_db()
    scene.message.refresh_from_db()
    assert (scene.where.business_unread, scene.where.last_message) == (0, "hello")
    assert scene.message.edited_at is None
    assert not MessageEdit.objects.exists()


@pytest.mark.parametrize(
    ("typed", "stored"), [("❤", "❤️"), ("❤️", "❤️"), ("👍🏽", "👍🏽"), ("1⃣", "1️⃣"), ("🏳‍🌈", "🏳️‍🌈")]
)
def test_spellings_of_one_emoji_are_one_reaction(scene: Scene, typed: str, stored: str) -> None:
    scene.react(scene.member, typed)
    scene.react(scene.member, stored)
    assert [reaction["emoji"] for reaction in scene.shown(scene.member)] == [stored]


@pytest.mark.parametrize("emoji", ["a", "👍👍", "🏽", "1", "!", ":thumbsup:", "👍 ", "\u200d", "😀" * 40])
def test_anything_but_one_emoji_is_invalid(scene: Scene, emoji: str) -> None:
    assert refused(scene.react(scene.member, emoji)) == (400, "invalid")
    assert refused(scene.react(scene.member, emoji, "delete")) == (400, "invalid")


def test_a_message_has_a_bounded_number_of_emoji(scene: Scene) -> None:
    many = [chr(code) for code in range(0x1F400, 0x1F400 + MOST_EMOJI)]
    for emoji in many:
        assert scene.react(scene.member, emoji).status_code == 200
    assert refused(scene.react(scene.member, THUMB)) == (413, "too_large")
    assert scene.react(scene.customer, many[0]).status_code == 200  # one that is there already


def test_outsiders_and_ex_members_see_no_message(scene: Scene) -> None:
    assert refused(scene.react(person(), THUMB)) == (404, "not_found")
    scene.member.memberships.all().delete()
    assert refused(scene.react(scene.member, THUMB)) == (404, "not_found")
    assert not Reaction.objects.exists()


def test_a_frozen_conversation_takes_no_reaction_but_lets_one_go(scene: Scene) -> None:
    scene.react(scene.member, THUMB)
    moderation.freeze_conversation(actor=None, conversation_id=scene.where.pk, reason="x")
    assert refused(scene.react(scene.customer, THUMB)) == (423, "frozen")
    assert scene.react(scene.member, THUMB, "delete").status_code == 204


def test_a_deleted_message_shows_no_reactions_and_takes_none(scene: Scene) -> None:
    scene.react(scene.member, THUMB)
    operations.delete_message(user_id=scene.customer.pk, message_id=scene.message.pk)
    assert scene.shown(scene.member) == []
    assert refused(scene.react(scene.member, "🎉")) == (409, "conflict")


def test_a_hidden_message_shows_its_reactions_again_when_it_is_restored(scene: Scene) -> None:
    scene.react(scene.member, THUMB)
    moderation.hide_message(actor=None, message_id=scene.message.pk, reason="x")
    assert scene.shown(scene.member) == []
    moderation.restore_message(actor=None, message_id=scene.message.pk, reason="y")
    assert [reaction["emoji"] for reaction in scene.shown(scene.member)] == [THUMB]


def test_an_edit_keeps_the_reactions(scene: Scene) -> None:
    scene.react(scene.member, THUMB)
    operations.edit_message(user_id=scene.customer.pk, message_id=scene.message.pk, content="hello again")
    assert [reaction["emoji"] for reaction in scene.shown(scene.member)] == [THUMB]


def test_the_reactions_of_an_erased_person_go(scene: Scene) -> None:
    scene.react(scene.member, THUMB)
    scene.react(scene.customer, THUMB)
    before = scene.rev()
    erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="asked for")
    scene.message.refresh_from_db()
    assert str(scene.customer.pk) not in scene.message.reactions
    assert str(scene.member.pk) in scene.message.reactions
    assert not Reaction.objects.filter(user=scene.customer).exists()
    assert scene.rev() > before
