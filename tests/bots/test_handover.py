"""A bot answers first and hands over. The conversation is pending until a person takes it."""

from __future__ import annotations

from typing import Any

import pytest

from conversations.bots import operations as bot_operations
from conversations.membership import remove_member
from conversations.models import Business, Membership, TeamState
from conversations.team import jobs
from conversations.team.assignment import assigning, candidates
from notifications import handovers
from notifications.models import Notification
from tests.conversations.people import client_of, conversation, say
from tests.team.scene import Scene as TeamScene
from tests.team.scene import heard

pytestmark = pytest.mark.django_db


class Scene(TeamScene):
    """A business whose bot answers first, and a conversation that the bot handles."""

    def __init__(self) -> None:
        super().__init__()
        made = self.post(self.member, "/bots", businessId=str(self.shop.pk), name="Helper").json()
        self.bot = Membership.objects.select_related("user").get(user_id=made["id"]).user
        self.put_first(True)
        self.talk = conversation(self.shop)
        self.customer = self.talk.customer
        self.path = f"/chat/conversations/{self.talk.pk}"
        say(self.talk, self.customer, ["hello"])

    def put_first(self, answers_first: bool) -> None:
        body = {"answersFirst": answers_first}
        answer = client_of(self.member).patch(f"/bots/{self.bot.pk}", body, format="json")
        assert answer.json()["answersFirst"] is answers_first

    def hand_over(self, user: Any = None) -> Any:
        return self.post(user or self.bot, f"{self.path}/hand-over")

    def in_charge(self) -> tuple[str, Any, bool]:
        """Return the status, the assignee, and whether the conversation has been handed over."""
        state = self.state()
        names = {str(who.pk): who for who in (self.bot, self.member, self.colleague)}
        return state["status"], names.get(state["assigneeId"]), state["handedOverAt"] is not None


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_it_begins_with_the_bot_until_a_person_takes_it(scene: Scene) -> None:
    assert scene.in_charge() == ("pending", scene.bot, False)
    say(scene.talk, scene.bot, ["How can I help?"])
    say(scene.talk, scene.customer, ["I want a person"])
    assert scene.in_charge() == ("pending", scene.bot, False)
    with heard() as events:
        answer = scene.hand_over()
        assert scene.hand_over().json() == answer.json() == scene.state()
    assert scene.in_charge() == ("pending", None, True)
    assert [(name, data) for _, name, data in events] == [("team_state_updated", scene.state())]
    say(scene.talk, scene.customer, ["hello?"])
    assert scene.in_charge() == ("pending", None, True)
    scene.set(scene.colleague, assigneeId=str(scene.colleague.pk))
    assert scene.in_charge() == ("open", scene.colleague, False)


@pytest.mark.parametrize("was_handed_over", [True, False])
def test_who_answers_takes_it(scene: Scene, was_handed_over: bool) -> None:
    if was_handed_over:
        scene.hand_over()
    say(scene.talk, scene.colleague, ["I am here"])
    assert scene.in_charge() == ("open", scene.colleague, False)
    say(scene.talk, scene.member, ["So am I"])
    assert scene.in_charge() == ("open", scene.colleague, False)


def test_a_bot_takes_nothing_from_a_person(scene: Scene) -> None:
    scene.set(scene.member, assigneeId=str(scene.member.pk))
    before = scene.state()
    assert scene.hand_over().json() == before
    assert scene.state() == before


def test_a_bot_opens_nothing_that_a_person_has_resolved(scene: Scene) -> None:
    scene.set(scene.member, status="resolved")
    before = scene.state()
    assert scene.hand_over().json() == before
    assert scene.state() == before


def test_a_person_gives_it_back_to_the_bot_or_the_team(scene: Scene) -> None:
    scene.set(scene.member, assigneeId=str(scene.member.pk))
    scene.set(scene.member, assigneeId=str(scene.bot.pk))
    assert scene.in_charge() == ("pending", scene.bot, False)
    scene.set(scene.member, assigneeId=None)
    assert scene.in_charge() == ("pending", None, True)
    scene.set(scene.member, assigneeId=str(scene.member.pk))
    assert scene.hand_over(scene.member).status_code == 200
    assert scene.in_charge() == ("pending", None, True)
    scene.set(scene.member, status="resolved")
    assert scene.in_charge() == ("resolved", None, False)


def test_each_episode_begins_with_the_bot_anew(scene: Scene) -> None:
    scene.set(scene.member, assigneeId=str(scene.member.pk), status="resolved")
    say(scene.talk, scene.customer, ["One more question"])
    assert scene.in_charge() == ("pending", scene.bot, False)
    scene.put_first(False)
    scene.set(scene.member, assigneeId=str(scene.member.pk), status="resolved")
    say(scene.talk, scene.customer, ["And another"])
    assert scene.in_charge() == ("open", scene.member, False)


def test_what_people_have_begun_stays_with_them(scene: Scene) -> None:
    scene.talk = conversation(scene.shop)
    scene.path = f"/chat/conversations/{scene.talk.pk}"
    say(scene.talk, scene.member, ["Your order is here"])
    say(scene.talk, scene.talk.customer, ["Thanks"])
    assert scene.in_charge() == ("open", None, False)
    scene.set(scene.member, status="pending")  # the conversation waits for another team
    say(scene.talk, scene.member, ["Any news?"])
    assert scene.in_charge() == ("pending", None, False)


def test_the_team_is_notified_once_and_the_bot_is_not(scene: Scene) -> None:
    scene.hand_over()
    for _ in range(2):
        handovers.notify_team.call(str(scene.talk.pk))
    told = Notification.objects.filter(type="hand_over")
    assert {row.recipient for row in told} == {scene.member, scene.colleague}
    assert told.count() == 2
    say(scene.talk, scene.member, ["I am here"])
    scene.set(scene.member, groupId=scene.group())  # of the colleague alone
    scene.hand_over(scene.member)
    handovers.notify_team.call(str(scene.talk.pk))
    assert sorted(row.recipient_id for row in told.all()) == sorted(
        [scene.member.pk, scene.colleague.pk, scene.colleague.pk]
    )


def test_it_is_assigned_automatically_after_the_bot(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "online_sources", [set])
    rule = {"mode": "round_robin", "capacity": None}
    path = f"/team/assignment/{scene.shop.pk}"
    assert client_of(scene.member).put(path, rule, format="json").status_code == 200
    say(scene.talk, scene.customer, ["hello?"])
    assigning.assign_waiting.call(str(scene.shop.pk))
    assert scene.in_charge() == ("pending", scene.bot, False)
    scene.hand_over()
    assigning.assign_waiting.call(str(scene.shop.pk))
    assert scene.in_charge() == ("open", scene.member, False)


def test_a_removed_bot_hands_over(scene: Scene) -> None:
    bot_operations.remove_bot(user_id=scene.member.pk, bot_id=str(scene.bot.pk))
    jobs.unassign_former_member.call(str(scene.shop.pk), str(scene.bot.pk))
    assert scene.in_charge() == ("pending", None, True)
    assert Business.objects.get(pk=scene.shop.pk).first_bot is None
    later = conversation(scene.shop)
    say(later, later.customer, ["hello"])
    assert TeamState.objects.get(pk=later.pk).status == "open"


def test_only_owners_choose_the_bot_and_only_members_hand_over(scene: Scene) -> None:
    remove_member(business_id=scene.shop.pk, user_id=scene.colleague.pk)
    for user in (scene.customer, scene.stranger, scene.colleague):
        assert scene.hand_over(user).status_code == 404
        body = {"answersFirst": False}
        assert client_of(user).patch(f"/bots/{scene.bot.pk}", body, format="json").status_code == 404
    assert scene.in_charge() == ("pending", scene.bot, False)
