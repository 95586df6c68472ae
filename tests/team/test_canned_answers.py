"""Members save canned answers, find them by code and text, and insert them with the names of a conversation."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from conversations.membership import add_member, remove_member
from conversations.models import CannedAnswer, TeamGroup
from conversations.moderation import erasure
from conversations.moderation.exports import export_person
from conversations.team.canned import operations
from conversations.team.canned.variables import fill
from tests.conversations.people import business, client_of, conversation, person

pytestmark = pytest.mark.django_db
PATH = "/team/canned-answers"


class Scene:
    def __init__(self) -> None:
        self.owner, self.agent, self.colleague = person(), person(), person()
        self.customer = person()
        User.objects.filter(pk=self.customer.pk).update(first_name="Carol", last_name="{{agent.name}}")
        self.shop = business(self.owner)
        for member in (self.agent, self.colleague):
            add_member(business_id=self.shop.pk, user_id=member.pk)
        self.where = conversation(self.shop, self.customer)

    def make(self, user: User, code: str, text: str = "A text.", **more: Any) -> Any:
        body = {"businessId": str(self.shop.pk), "code": code, "text": text, **more}
        return client_of(user).post(PATH, body, format="json")

    def codes(self, user: User, query: str = "") -> list[str]:
        asked = {"businessId": str(self.shop.pk), "q": query}
        return [row["code"] for row in client_of(user).get(PATH, asked).json()["results"]]

    def use(self, user: User, answer_id: str, conversation_id: Any = None) -> Any:
        body = {"conversationId": str(conversation_id or self.where.pk)}
        return client_of(user).post(f"{PATH}/{answer_id}/use", body, format="json")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_names_are_filled_in_one_pass_and_uses_are_counted(scene: Scene) -> None:
    text = "Hi {{customer.firstName|there}} {{ customer.name }}, {{agent.name}} of {{business.name}}. {{odd"
    answer = scene.make(scene.agent, "Hello", text).json()
    assert (answer["code"], answer["scope"], answer["uses"]) == ("hello", "business", 0)
    filled = scene.use(scene.colleague, answer["id"]).json()
    expected = f"Hi Carol Carol {{{{agent.name}}}}, {scene.colleague.username} of {scene.shop.name}. {{{{odd"
    assert filled == {"id": answer["id"], "text": expected, "attachments": []}
    scene.use(scene.agent, answer["id"])
    assert client_of(scene.agent).get(f"{PATH}/{answer['id']}").json()["uses"] == 2


def test_an_empty_name_takes_the_text_after_the_bar(scene: Scene) -> None:
    values = {"customer.firstName": "\u202e\n"}
    assert fill("Hi {{customer.firstName| there }}! {{agent.name}}", values) == "Hi there! {{agent.name}}"


def test_search_ranks_codes_before_texts_and_ignores_accents(scene: Scene) -> None:
    scene.make(scene.agent, "refund", "Money back within a week.")
    scene.make(scene.agent, "refund-late", "Sorry.")
    scene.make(scene.agent, "shipping", "We refund the Café voucher")
    assert scene.codes(scene.agent, "/REFUND") == ["refund", "refund-late", "shipping"]
    assert scene.codes(scene.agent, "cafe vouch") == ["shipping"]
    assert scene.codes(scene.agent, "voucher cafes") == []
    assert scene.codes(scene.agent, "%") == []
    assert scene.codes(scene.agent) == ["refund", "refund-late", "shipping"]


def test_the_used_one_of_two_matches_comes_first(scene: Scene) -> None:
    scene.make(scene.agent, "b-one", "alike")
    used = scene.make(scene.agent, "b-two", "alike").json()
    scene.use(scene.agent, used["id"])
    assert scene.codes(scene.agent, "alike") == ["b-two", "b-one"]


def test_only_the_owner_sees_private_answers(scene: Scene) -> None:
    mine = scene.make(scene.agent, "mine", "secret words", scope="private").json()
    path = f"{PATH}/{mine['id']}"
    assert scene.codes(scene.agent, "secret") == ["mine"]
    for other in (scene.owner, scene.colleague, scene.customer, person()):
        rest = client_of(other)
        assert refusal(rest.get(path)) == (404, "not_found")
        assert refusal(rest.patch(path, {"text": "x"}, format="json")) == (404, "not_found")
        assert refusal(rest.delete(path)) == (404, "not_found")
        assert refusal(scene.use(other, mine["id"])) == (404, "not_found")
    assert scene.codes(scene.owner, "secret") == []
    assert scene.make(scene.colleague, "mine", scope="private").status_code == 201
    assert scene.make(scene.colleague, "mine").status_code == 201
    assert refusal(scene.make(scene.owner, "MINE")) == (409, "conflict")


def test_outsiders_and_customers_find_nothing(scene: Scene) -> None:
    answer = scene.make(scene.agent, "hello").json()
    for user in (scene.customer, person()):
        asked = {"businessId": str(scene.shop.pk)}
        assert refusal(client_of(user).get(PATH, asked)) == (404, "not_found")
        assert refusal(scene.make(user, "x")) == (404, "not_found")
        assert refusal(client_of(user).get(f"{PATH}/{answer['id']}")) == (404, "not_found")
    assert refusal(client_of(scene.agent).get(PATH)) == (400, "invalid")


def test_an_answer_is_filled_only_for_conversations_of_its_business(scene: Scene) -> None:
    answer = scene.make(scene.agent, "hello").json()
    assert refusal(scene.use(scene.agent, answer["id"], conversation(business()).pk)) == (404, "not_found")
    other = conversation(business(scene.agent))
    assert refusal(scene.use(scene.agent, answer["id"], other.pk)) == (400, "invalid")


def test_authors_and_owners_change_an_answer(scene: Scene) -> None:
    answer = scene.make(scene.agent, "hello").json()
    path = f"{PATH}/{answer['id']}"
    assert refusal(client_of(scene.colleague).patch(path, {"text": "x"}, format="json")) == (403, "forbidden")
    assert client_of(scene.colleague).get(path).json()["editable"] is False
    changed = client_of(scene.owner).patch(path, {"text": "new words"}, format="json").json()
    assert (changed["text"], changed["code"]) == ("new words", "hello")
    assert scene.codes(scene.agent, "new") == ["hello"]
    assert refusal(client_of(scene.owner).patch(path, {}, format="json")) == (400, "invalid")
    assert client_of(scene.agent).delete(path).status_code == 204
    assert scene.codes(scene.agent) == []


def test_answers_of_a_group_are_for_its_members_and_the_owners(scene: Scene) -> None:
    group = TeamGroup.objects.create(business=scene.shop, name="sales")
    group.members.add(scene.agent)
    answer = scene.make(scene.agent, "ours", scope="group", groupId=str(group.pk)).json()
    assert (answer["scope"], answer["groupId"]) == ("group", str(group.pk))
    assert scene.codes(scene.agent) == scene.codes(scene.owner) == ["ours"]
    assert scene.codes(scene.colleague) == []
    assert refusal(scene.use(scene.colleague, answer["id"])) == (404, "not_found")
    assert refusal(scene.make(scene.colleague, "x", scope="group", groupId=str(group.pk))) == (
        404,
        "not_found",
    )
    assert refusal(scene.make(scene.agent, "x", scope="group")) == (400, "invalid")
    assert refusal(scene.make(scene.agent, "ours", scope="group", groupId=str(group.pk))) == (409, "conflict")


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("two words", "x", "invalid"),
        ("", "x", "invalid"),
        ("x" * 41, "x", "too_large"),
        ("x", " ", "invalid"),
        ("x", "x" * 4001, "too_large"),
        ("x", "nul \x00", "invalid"),
        ("x", "{{ customer.password }}", "invalid"),
    ],
)
def test_bad_values_are_refused(scene: Scene, code: str, text: str, expected: str) -> None:
    assert scene.make(scene.agent, code, text).json()["error"]["code"] == expected


def test_there_is_a_limit(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_OF_MEMBER", 1)
    assert scene.make(scene.agent, "one", scope="private").status_code == 201
    assert refusal(scene.make(scene.agent, "two", scope="private")) == (409, "conflict")
    assert scene.make(scene.agent, "two").status_code == 201


def test_private_answers_go_with_their_owner(scene: Scene) -> None:
    scene.make(scene.agent, "mine", "private words", scope="private")
    scene.make(scene.agent, "ours")
    lines = b"".join(export_person(actor=None, user_id=scene.agent.pk, reason="asked"))
    assert lines.count(b'"kind":"cannedAnswer"') == 2
    remove_member(business_id=scene.shop.pk, user_id=scene.agent.pk)
    assert scene.codes(scene.owner) == ["ours"]
    assert CannedAnswer.objects.filter(business=scene.shop).count() == 1
    erasure.erase_person(actor=None, user_id=scene.agent.pk, reason="asked")
    assert CannedAnswer.objects.get(business=scene.shop).created_by is None
