"""A blocked user cannot write or react. The error is neutral and reveals nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from conversations import block_rules
from conversations.integrity import find_problems
from conversations.models import Block, Conversation
from conversations.moderation import erasure
from conversations.moderation.exports import export_person
from conversations.shared_conversations import shares_conversation
from presence.queries import presence_of
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db


class Scene:
    def __init__(self) -> None:
        self.member, self.colleague, self.customer = person(), person(), person()
        self.shop = business(self.member, self.colleague)
        self.where = conversation(self.shop, self.customer)
        say(self.where, self.customer, ["hello"])
        say(self.where, self.member, ["hi"])

    def block(self, who: User, whom: User | None = None, method: str = "put") -> Any:
        target = f"businesses/{self.shop.pk}" if whom is None else str(whom.pk)
        return getattr(client_of(who), method)(f"/chat/blocks/{target}")

    def send(self, who: User, **more: str) -> Any:
        path = f"/chat/conversations/{self.where.pk}/messages"
        return client_of(who).post(path, {"content": "psst", **more}, format="json")

    def seen_by(self, who: User) -> dict[str, Any]:
        found: dict[str, Any] = client_of(who).get(f"/chat/conversations/{self.where.pk}").json()
        return found


@pytest.fixture
def scene() -> Scene:
    return Scene()


def is_forbidden(answer: Any) -> bool:
    error = answer.json()["error"]
    return (answer.status_code, error["code"], "block" in error["message"]) == (403, "forbidden", False)


def test_a_customer_blocks_a_business(scene: Scene) -> None:
    before = scene.seen_by(scene.member)
    answer = scene.block(scene.customer)
    assert answer.status_code == 200
    assert (answer.json()["kind"], answer.json()["businessId"]) == ("business", str(scene.shop.pk))
    assert is_forbidden(scene.send(scene.member))
    assert is_forbidden(scene.send(scene.colleague))
    assert scene.seen_by(scene.member) == before  # nothing reveals it
    assert scene.seen_by(scene.customer)["blocked"] is True
    assert scene.block(scene.customer, method="delete").status_code == 204
    assert scene.send(scene.member).status_code == 201
    assert scene.seen_by(scene.customer)["blocked"] is False


def test_a_customer_blocks_one_member(scene: Scene) -> None:
    assert scene.block(scene.customer, scene.member).status_code == 200
    assert is_forbidden(scene.send(scene.member))
    assert scene.send(scene.colleague).status_code == 201
    other = conversation(business(scene.member), scene.customer)  # one that is created later
    assert block_rules.is_blocked(Conversation.objects.get(pk=other.pk), scene.member.pk)
    scene.block(scene.customer, scene.member, "delete")
    assert scene.send(scene.member).status_code == 201
    assert list(find_problems()) == []


def test_a_member_blocks_a_customer_for_the_whole_team(scene: Scene) -> None:
    before = scene.seen_by(scene.customer)
    answer = scene.block(scene.member, scene.customer).json()
    assert (answer["userId"], answer["forBusinessId"]) == (str(scene.customer.pk), str(scene.shop.pk))
    assert is_forbidden(scene.send(scene.customer))
    assert scene.seen_by(scene.customer) == before
    assert scene.seen_by(scene.colleague)["blocked"] is True
    assert (
        scene.block(scene.colleague, scene.customer, "delete").status_code == 204
    )  # a colleague may lift it
    assert scene.send(scene.customer).status_code == 201


def test_repeating_changes_nothing(scene: Scene) -> None:
    for _ in range(2):
        assert scene.block(scene.customer).status_code == 200
    assert Block.objects.count() == 1
    for _ in range(2):
        assert scene.block(scene.customer, method="delete").status_code == 204


def test_a_blocked_user_cannot_edit_or_react_but_can_delete(scene: Scene) -> None:
    scene.block(scene.customer)
    messages = client_of(scene.member).get(f"/chat/conversations/{scene.where.pk}/messages").json()["results"]
    own, theirs = messages[1]["id"], messages[0]["id"]
    client = client_of(scene.member)
    assert is_forbidden(client.patch(f"/chat/messages/{own}", {"content": "x"}, format="json"))
    assert is_forbidden(client.put(f"/chat/messages/{theirs}/reactions/👍"))
    assert client.delete(f"/chat/messages/{own}").status_code == 204


def test_repeats_are_answered(scene: Scene) -> None:
    key, client = str(uuid4()), client_of(scene.member)
    sent = scene.send(scene.member, clientId=key)
    message = f"/chat/messages/{sent.json()['id']}"
    edit = {"content": "other words"}
    assert sent.status_code == 201
    assert client.patch(message, edit, format="json").status_code == 200
    assert client.put(f"{message}/reactions/👍").status_code == 200
    scene.block(scene.customer)
    assert scene.send(scene.member, clientId=key).status_code == 200
    assert client.patch(message, edit, format="json").status_code == 200
    assert client.put(f"{message}/reactions/👍").status_code == 200
    assert is_forbidden(scene.send(scene.member, clientId=str(uuid4())))


def test_a_blocked_user_sees_no_presence(scene: Scene) -> None:
    def sees(reader: User, other: User) -> bool:
        return shares_conversation(str(reader.pk), [str(other.pk)]) == {str(other.pk)}

    scene.block(scene.customer)
    assert not sees(scene.member, scene.customer)
    assert sees(scene.customer, scene.member)
    scene.block(scene.customer, method="delete")
    scene.block(scene.customer, scene.member)
    assert not sees(scene.member, scene.customer)
    assert sees(scene.colleague, scene.customer)
    scene.block(scene.customer, scene.member, "delete")
    scene.block(scene.member, scene.customer)
    assert not sees(scene.customer, scene.colleague)
    [row] = presence_of(reader_id=str(scene.customer.pk), user_ids=[str(scene.member.pk)])
    assert (row.online, row.last_seen) == (False, None)


def test_strangers_cannot_be_blocked_or_probed(scene: Scene) -> None:
    stranger = person()
    for client, target in (
        (client_of(stranger), str(scene.customer.pk)),
        (client_of(stranger), f"businesses/{scene.shop.pk}"),
        (client_of(scene.customer), str(stranger.pk)),
        (client_of(scene.member), str(scene.colleague.pk)),
        (client_of(scene.member), "no-such-id"),
    ):
        assert client.put(f"/chat/blocks/{target}").status_code == 404
    assert not Block.objects.exists()


def test_the_list_has_the_users_blocks_and_those_of_the_businesses(scene: Scene) -> None:
    scene.block(scene.member, scene.customer)
    scene.block(scene.customer)

    def listed(who: User) -> list[tuple[Any, Any]]:
        rows = client_of(who).get("/chat/blocks").json()["results"]
        return [(row["userId"], row["businessId"]) for row in rows]

    assert listed(scene.colleague) == [(str(scene.customer.pk), None)]
    assert listed(scene.customer) == [(None, str(scene.shop.pk))]
    assert listed(person()) == []


def test_an_export_has_the_persons_blocks_and_an_erasure_removes_them(scene: Scene) -> None:
    scene.block(scene.member, scene.customer)
    scene.block(scene.customer, scene.member)
    lines = b"".join(export_person(actor=None, user_id=scene.customer.pk, reason="asked for"))
    assert lines.count(b'"kind":"block"') == 1
    erasure.erase_person(actor=None, user_id=scene.customer.pk, reason="asked for")
    assert not Block.objects.exists()
    assert list(find_problems()) == []


def test_a_wrong_column_is_found(scene: Scene) -> None:
    scene.block(scene.customer)
    Conversation.objects.update(business_blocked=False)
    assert [problem.what for problem in find_problems()] == ["The blocks differ from the rows of blocks."]
