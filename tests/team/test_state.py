"""Members set status, assignee, group, priority and labels.

The counts include it, and the customer's messages reopen.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import msgspec
import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from chatsite.realtime.hub import Addressed
from conversations import membership, operations
from conversations.models import ConversationLabel, Label, Membership, TeamGroup, TeamState
from conversations.requests import SendBody
from conversations.sync import SyncCommand, heartbeat_answers_for, synchronise
from conversations.team import jobs
from conversations.team import operations as operations_of_team
from conversations.team.requests import TeamBody
from conversations.writing import commit_recovery
from tests.conversations.people import business, client_of, conversation, person, say
from tests.team.scene import Scene, heard

pytestmark = pytest.mark.django_db

NOTHING_SET = {
    "teamRev": 0,
    "status": "open",
    "snoozedUntil": None,
    "assigneeId": None,
    "assignedAt": None,
    "handedOverAt": None,
    "groupId": None,
    "priority": None,
    "labelIds": [],
}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def later(**span: float) -> str:
    return (timezone.now() + timedelta(**(span or {"hours": 1}))).isoformat()


def test_a_conversation_begins_open_and_nobodys(scene: Scene) -> None:
    assert scene.state() == {"conversationId": str(scene.talk.pk), **NOTHING_SET}
    assert "teamRev" not in scene.seen_by(scene.member)


def test_everything_can_be_set_at_once_and_taken_away_again(scene: Scene) -> None:
    label, group = scene.label(), scene.group()
    wished: dict[str, Any] = {
        "status": "pending",
        "assigneeId": str(scene.colleague.pk),
        "groupId": group,
        "priority": "high",
        "labelIds": [label],
    }
    answer = scene.set(scene.member, **wished)
    assert answer.status_code == 200, answer.content
    assert answer.json() == scene.state()
    assert {key: answer.json()[key] for key in wished} == wished
    assert answer.json()["teamRev"] == scene.seen_by(scene.member)["teamRev"] == 1
    assert scene.set(scene.member, **wished).json()["teamRev"] == 1  # repeating changes nothing
    nothing: dict[str, Any] = {
        "status": "open",
        "assigneeId": None,
        "groupId": None,
        "priority": None,
        "labelIds": [],
    }
    assert scene.set(scene.member, **nothing).json() == {
        "conversationId": str(scene.talk.pk),
        **NOTHING_SET,
        "teamRev": 2,
    }


def test_members_hear_of_it_and_nobody_else(scene: Scene) -> None:
    with heard() as events:
        scene.set(scene.member, priority="urgent")
    [(group, name, data)] = events
    assert (group, name) == (f"business.{scene.shop.pk}.members", "team_state_updated")
    assert data == scene.state()


def test_no_rev_and_no_sign_of_it_on_the_customers_side(scene: Scene) -> None:
    before = scene.seen_by(scene.customer)
    scene.set(scene.member, status="resolved")
    assert scene.seen_by(scene.customer) == before


@pytest.mark.parametrize("who", ["customer", "stranger"])
def test_for_others_the_teams_side_does_not_exist(scene: Scene, who: str) -> None:
    user = getattr(scene, who)
    for answer in (scene.set(user, priority="low"), scene.get(user, f"{scene.path}/team")):
        assert answer.status_code == 404
    for path in ("/team/labels", "/team/groups"):
        assert scene.get(user, path, businessId=str(scene.shop.pk)).status_code == 404
        assert scene.post(user, path, businessId=str(scene.shop.pk), name="x").status_code == 404
    assert TeamState.objects.get(pk=scene.talk.pk).team_rev == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "closed"},
        {"status": "snoozed"},
        {"status": "snoozed", "snoozedUntil": "2001-01-01T00:00:00Z"},
        {"status": "snoozed", "snoozedUntil": "2999-01-01T00:00:00"},
        {"status": "open", "snoozedUntil": "2999-01-01T00:00:00Z"},
        {"assigneeId": "0"},
        {"assigneeId": "CUSTOMER"},
        {"groupId": str(uuid4())},
        {"groupId": "x"},
        {"labelIds": [str(uuid4())]},
        {"labelIds": ["FOREIGN"]},
        {"priority": "highest"},
    ],
)
def test_invalid_requests_are_refused(scene: Scene, body: dict[str, Any]) -> None:
    foreign = Label.objects.create(business=business(person()), name="theirs")
    if body.get("assigneeId") == "CUSTOMER":
        body = {"assigneeId": str(scene.customer.pk)}
    if body.get("labelIds") == ["FOREIGN"]:
        body = {"labelIds": [str(foreign.pk)]}
    assert scene.set(scene.member, **body).status_code in (400, 404)
    assert scene.state()["teamRev"] == 0


@pytest.mark.parametrize(
    ("status", "after"), [("resolved", "open"), ("snoozed", "open"), ("pending", "pending"), ("open", "open")]
)
def test_a_message_of_the_customer_reopens(scene: Scene, status: str, after: str) -> None:
    body = {"status": status, "snoozedUntil": later()} if status == "snoozed" else {"status": status}
    if status != "open":
        assert scene.set(scene.member, **body).status_code == 200
    before = scene.state()["teamRev"]
    say(scene.talk, scene.member, ["any news?"])
    assert scene.state()["status"] == status
    with heard() as events:
        say(scene.talk, scene.customer, ["here I am"])
    state = scene.state()
    assert (state["status"], state["snoozedUntil"]) == (after, None)
    changed = status != after
    assert state["teamRev"] == before + changed
    assert [data for _, name, data in events if name == "team_state_updated"] == [state] * changed
    told = {group: data["conversation"] for group, name, data in events if name == "conversation_updated"}
    assert "teamRev" not in told[f"user.{scene.customer.pk}"]
    assert told[f"business.{scene.shop.pk}.members"].get("teamRev", 0) == state["teamRev"]


def test_a_snooze_ends_by_the_clock(scene: Scene) -> None:
    scene.set(scene.member, status="snoozed", snoozedUntil=later(hours=1))
    jobs.wake_snoozed.call()
    assert scene.state()["status"] == "snoozed"
    TeamState.objects.update(snoozed_until=timezone.now())
    for _ in range(2):
        jobs.wake_snoozed.call()
        assert (scene.state()["status"], scene.state()["teamRev"]) == ("open", 2)


def test_sync_and_heartbeat_show_team_rev_only_to_members(scene: Scene) -> None:
    scene.set(scene.member, priority="low")
    key = str(scene.talk.pk)
    asked = SyncCommand(conversations={key: 0}, team={key: 0})
    team = synchronise(scene.member.pk, asked)["team"]
    assert team[scene.talk.pk].state.team_rev == 1
    assert "team" not in synchronise(scene.member.pk, SyncCommand(team={key: 1}))
    for other in (scene.customer, scene.stranger):
        assert "team" not in synchronise(other.pk, asked)
    people = [scene.member.pk, scene.customer.pk]
    of_member, of_customer = heartbeat_answers_for([(who, [scene.talk.pk]) for who in people])
    assert of_member["conversations"][scene.talk.pk].team_rev == 1
    assert (
        of_customer["conversations"][scene.talk.pk].team_rev
        is not of_member["conversations"][scene.talk.pk].team_rev
    )


def test_a_former_member_has_no_conversations(scene: Scene, django_capture_on_commit_callbacks: Any) -> None:
    scene.group()
    scene.set(scene.member, assigneeId=str(scene.colleague.pk))
    membership.remove_member(business_id=scene.shop.pk, user_id=scene.colleague.pk)
    jobs.unassign_former_member.call(str(scene.shop.pk), str(scene.colleague.pk))
    state = scene.state()
    assert (state["assigneeId"], state["assignedAt"], state["teamRev"]) == (None, None, 2)
    assert TeamGroup.objects.get().members.count() == 0
    scene.set(scene.member, assigneeId=str(scene.member.pk))
    jobs.unassign_former_member.call(str(scene.shop.pk), str(scene.member.pk))
    assert scene.state()["assigneeId"] == str(scene.member.pk)  # still a member


def test_a_deleted_label_and_group_leave_their_conversations(scene: Scene) -> None:
    label, kept, group = scene.label(), scene.label("vip"), scene.group()
    scene.set(scene.member, labelIds=[label, kept], groupId=group)
    client = client_of(scene.member)
    assert client.delete(f"/team/labels/{label}").status_code == 204
    assert client.delete(f"/team/groups/{group}").status_code == 204
    assert scene.label() != label  # the name is free again
    for _ in range(2):
        jobs.take_label_off.call(label)
        jobs.dissolve_group.call(group)
    state = scene.state()
    assert (state["labelIds"], state["groupId"], state["teamRev"]) == ([kept], None, 3)
    assert not Label.objects.filter(pk=label).exists()
    assert not TeamGroup.objects.exists()
    assert ConversationLabel.objects.count() == 1


def test_agents_manage_labels_and_owners_groups(scene: Scene) -> None:
    Membership.objects.filter(user=scene.colleague).update(role="agent")
    label, group = scene.label(), scene.group()
    agent = client_of(scene.colleague)
    changed = agent.patch(f"/team/labels/{label}", {"name": "Refunds", "color": "#FF0000"}, format="json")
    assert (changed.json()["name"], changed.json()["color"]) == ("Refunds", "#ff0000")
    assert agent.patch(f"/team/groups/{group}", {"name": "x"}, format="json").status_code == 403
    assert agent.delete(f"/team/groups/{group}").status_code == 403
    again = scene.post(scene.colleague, "/team/labels", businessId=str(scene.shop.pk), name="Refunds")
    assert again.status_code == 409
    listed = scene.get(scene.colleague, "/team/groups", businessId=str(scene.shop.pk)).json()["results"]
    assert [row["memberIds"] for row in listed] == [[str(scene.colleague.pk)]]


def test_a_conversation_that_the_team_never_touched_costs_no_row(scene: Scene) -> None:
    quiet = conversation(scene.shop)
    operations.send_message(sender_id=scene.member.pk, conversation_id=quiet.pk, body=SendBody(content="hi"))
    assert not TeamState.objects.filter(pk=quiet.pk).exists()
    assert scene.get(scene.member, f"/chat/conversations/{quiet.pk}/team").json()["status"] == "open"


@pytest.mark.django_db(transaction=True)
def test_after_a_lost_commit_the_members_see_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    told: list[Addressed] = []
    monkeypatch.setattr(commit_recovery, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(commit_recovery, "broadcast", told.extend)
    commit = BaseDatabaseWrapper.commit
    lost: list[bool] = []

    def lose(wrapper: BaseDatabaseWrapper) -> None:
        commit(wrapper)
        if not lost and TeamState.objects.filter(team_rev=1).exists():
            lost.append(True)
            commit(wrapper)  # ends the transaction of the check
            raise OperationalError("server closed the connection unexpectedly")

    with patch.object(BaseDatabaseWrapper, "commit", lose), pytest.raises(OperationalError):
        operations_of_team.set_team_state(
            user_id=scene.member.pk, conversation_id=scene.talk.pk, body=TeamBody(priority="low")
        )
    shown = {group: msgspec.json.decode(event.data)["conversation"] for group, event in told}
    assert shown[f"business.{scene.shop.pk}.members"]["teamRev"] == 1
    assert "teamRev" not in shown[f"user.{scene.customer.pk}"]
