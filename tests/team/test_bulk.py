"""One request changes many conversations, and another undoes it."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError

from chatsite.realtime.user_limit import user_buckets
from conversations.models import Conversation
from conversations.team import bulk, operations
from conversations.team.requests import MOST_CHANGES
from tests.conversations.people import conversation
from tests.team.scene import Scene, heard

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def send(scene: Scene, changes: list[dict[str, Any]], who: Any = None) -> Any:
    return scene.post(who or scene.member, "/team/states/bulk", changes=changes)


def for_each(talks: list[Conversation], **changes: Any) -> list[dict[str, Any]]:
    return [{"conversationId": str(talk.pk), **changes} for talk in talks]


def states(scene: Scene) -> dict[str, tuple[Any, ...]]:
    ids = ",".join(str(key) for key in Conversation.objects.values_list("pk", flat=True))
    rows = scene.get(scene.member, "/team/states", ids=ids).json()["results"]
    names = ("status", "snoozedUntil", "assigneeId", "groupId", "priority", "labelIds")
    return {row["conversationId"]: tuple(row[name] for name in names) for row in rows}


def test_each_changes_as_if_alone_and_is_restored(scene: Scene) -> None:
    talks = [scene.talk, conversation(scene.shop), conversation(scene.shop)]
    old, new = scene.label("old"), scene.label("new")
    scene.set(scene.member, status="snoozed", snoozedUntil="2999-01-01T00:00:00Z", labelIds=[old])
    send(scene, for_each(talks[1:2], priority="low", assigneeId=str(scene.colleague.pk)))
    send(scene, for_each(talks[2:], status="pending"))
    before = states(scene)
    me = str(scene.member.pk)
    wanted: dict[str, Any] = {
        "status": "resolved",
        "assigneeId": me,
        "priority": "high",
        "addLabelIds": [new],
    }
    with heard() as events:
        results = send(scene, for_each(talks, **wanted)).json()["results"]
    assert [row["conversationId"] for row in results] == [str(talk.pk) for talk in talks]
    announced = [data for _, name, data in events if name == "team_state_updated"]
    assert announced == [row["state"] for row in results]
    assert results[0]["state"]["labelIds"] == sorted([old, new])
    undo = [
        {
            "conversationId": row["conversationId"],
            "ifTeamRev": row["state"]["teamRev"],
            **{name: row["before"][name] for name in ("status", "assigneeId", "priority", "labelIds")},
            **({"snoozedUntil": row["before"]["snoozedUntil"]} if row["before"]["snoozedUntil"] else {}),
        }
        for row in results
    ]
    assert all("error" not in row for row in send(scene, undo).json()["results"])
    assert states(scene) == before
    again = send(scene, undo).json()["results"]  # a retry finds it done
    assert [row["before"] for row in again] == [row["state"] for row in again]


def test_what_a_colleague_has_changed_since_is_not_restored(scene: Scene) -> None:
    [done] = send(scene, for_each([scene.talk], priority="high")).json()["results"]
    scene.set(scene.colleague, priority="urgent")
    body = {"priority": None, "ifTeamRev": done["state"]["teamRev"]}
    [refused] = send(scene, for_each([scene.talk], **body)).json()["results"]
    assert (refused["error"]["code"], refused.get("state")) == ("conflict", None)
    assert scene.set(scene.member, **body).status_code == 409
    assert scene.state()["priority"] == "urgent"


def test_one_that_is_refused_does_not_stop_the_others(scene: Scene) -> None:
    elsewhere = Scene()
    changes = for_each([elsewhere.talk, scene.talk], priority="high")
    changes.append({"conversationId": "nothing", "priority": "high"})
    changes.append({"conversationId": str(scene.talk.pk), "assigneeId": str(scene.stranger.pk)})
    results = send(scene, changes).json()["results"]
    codes = [row.get("error", {}).get("code") for row in results]
    assert codes == ["not_found", None, "not_found", "invalid"]
    assert scene.state()["priority"] == "high"
    assert elsewhere.state()["priority"] is None
    assert {row["error"]["code"] for row in send(scene, changes[1:2], scene.customer).json()["results"]} == {
        "not_found"
    }


def test_labels_are_added_and_removed_beside_those_of_others(scene: Scene) -> None:
    first, second = scene.label("first"), scene.label("second")
    scene.set(scene.member, addLabelIds=[first])
    scene.set(scene.colleague, addLabelIds=[second])
    assert scene.state()["labelIds"] == sorted([first, second])
    rev = scene.state()["teamRev"]
    scene.set(scene.member, addLabelIds=[first])
    assert scene.state()["teamRev"] == rev
    scene.set(scene.member, removeLabelIds=[first, str(scene.shop.pk)])
    assert scene.state()["labelIds"] == [second]
    assert scene.set(scene.member, addLabelIds=[str(scene.shop.pk)]).status_code == 400
    many = [scene.label(f"label {number}") for number in range(20)]
    assert scene.set(scene.member, addLabelIds=many).status_code == 413


def test_each_change_costs_as_much_as_one(scene: Scene) -> None:
    costs: list[float] = []

    def take(user_id: str, cost: float = 1.0, *, essential: bool = False) -> float:
        costs.append(cost)
        return 0.0

    with patch.object(user_buckets, "take", take):
        send(scene, for_each([scene.talk] * 5, priority="high"))
    assert sum(costs) == 5
    assert send(scene, []).status_code == 400
    assert send(scene, for_each([scene.talk] * (MOST_CHANGES + 1), priority="low")).status_code == 413


def test_what_the_database_refuses_hides_no_other_result(scene: Scene) -> None:
    talks = [scene.talk, conversation(scene.shop)]
    change, refused = operations.change_team_state, OperationalError("deadlock detected")

    def change_or_fail(*, conversation_id: str, **arguments: Any) -> Any:
        if conversation_id == str(talks[1].pk):
            raise refused
        return change(conversation_id=conversation_id, **arguments)

    with patch.object(bulk, "change_team_state", change_or_fail):
        done, failed = send(scene, for_each(talks, priority="low")).json()["results"]
    assert done["state"]["priority"] == "low"
    assert failed["error"]["code"] in {"internal", "unavailable"}
