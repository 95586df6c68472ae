from __future__ import annotations

import pytest

from tests.harness.client import Frame
from tests.harness.mirror import Mirror
from tests.harness.rest import Json

pytestmark = pytest.mark.standalone


def message(number: int, rev: int, **more: object) -> Json:
    base = {"id": f"m{number}", "conversationId": "c", "seq": number, "rev": rev, "content": f"text {number}"}
    return {**base, "status": "sent", "deliveredAt": None, "readAt": None, **more}


def conversation(rev: int, **more: object) -> Json:
    return {"id": "c", "rev": rev, "lastSeq": 1, "unreadCount": 0, **more}


def about(event: str, rev: int, **data: object) -> Frame:
    return Frame(event, {"conversationId": "c", "rev": rev, **data})


def fetched() -> Mirror:
    return Mirror(conversation(1), {"m1": message(1, 1)})


ARRIVED = about("new_message", 2, message=message(2, 2))
UPDATED = about("conversation_updated", 2, conversation=conversation(2, lastSeq=2, unreadCount=1))
DELIVERED = about("messages_delivered", 3, messageIds=["m1", "m2"], deliveredAt="T1")
READ = about("messages_read", 4, messageIds=["m1", "m2"], readBy="u", readAt="T2")
EDITED = about("message_edited", 5, message=message(1, 5, content="better", status="read", readAt="T2"))


def test_old_state_and_events_make_the_new_state() -> None:
    fresh = Mirror(
        conversation(5, lastSeq=2, unreadCount=1),
        {
            "m1": message(1, 5, content="better", status="read", readAt="T2"),
            "m2": message(2, 4, status="read", deliveredAt="T1", readAt="T2"),
        },
    )
    moved = fetched().apply_all([ARRIVED, UPDATED, DELIVERED, READ, EDITED])
    assert moved.diff(fresh) == []
    assert moved.gaps() == []
    assert [row["seq"] for row in moved.ordered()] == [1, 2]


def test_a_message_read_before_it_was_delivered_was_delivered_then() -> None:
    moved = fetched().apply_all([READ])
    assert moved.messages["m1"] == message(1, 4, status="read", deliveredAt="T2", readAt="T2")


def test_events_without_a_conversation_object_still_move_its_numbers() -> None:
    now = fetched().apply_all([ARRIVED, DELIVERED]).conversation_now()
    assert (now["rev"], now["lastSeq"]) == (3, 2)


def test_events_that_come_twice_change_nothing() -> None:
    events = [ARRIVED, UPDATED, DELIVERED, READ, EDITED]
    assert fetched().apply_all(events + events).diff(fetched().apply_all(events)) == []


def test_a_late_event_does_not_undo_a_newer_one() -> None:
    moved = fetched().apply_all([ARRIVED, READ, DELIVERED])
    assert moved.messages["m2"]["status"] == "read"
    moved.apply(about("message_edited", 3, message=message(2, 3, content="stale")))
    assert moved.messages["m2"]["content"] == "text 2"


def test_a_stale_conversation_object_is_ignored() -> None:
    moved = fetched().apply_all([UPDATED, about("conversation_updated", 1, conversation=conversation(1))])
    assert moved.conversation["unreadCount"] == 1


def test_a_lost_event_shows_as_a_gap() -> None:
    assert fetched().apply_all([ARRIVED, READ]).gaps() == [3]


def test_a_preview_does_not_hide_that_its_message_was_lost() -> None:
    assert fetched().apply_all([UPDATED]).gaps() == [2]


def test_events_of_other_conversations_and_other_kinds_pass_by() -> None:
    moved = fetched()
    moved.apply(Frame("new_message", {"conversationId": "other", "rev": 9, "message": message(9, 9)}))
    moved.apply(Frame("user_typing", {"conversationId": "c", "userId": "u", "isTyping": True}))
    assert moved.diff(fetched()) == []


def test_the_event_log_is_left_as_it_was() -> None:
    event = about("new_message", 2, message=message(2, 2))
    fetched().apply_all([event, DELIVERED])
    assert event.data["message"]["status"] == "sent"


def test_a_difference_names_the_place() -> None:
    other = Mirror(conversation(1, unreadCount=3), {"m2": message(2, 2)})
    assert fetched().diff(other) == [
        "conversation.lastSeq: 1 != 2",
        "conversation.unreadCount: 0 != 3",
        "message m1 (seq 1): only in the first",
        "message m2 (seq 2): only in the other",
    ]
    assert (
        fetched().diff(Mirror(conversation(1, unreadCount=3), fetched().messages), ignoring={"unreadCount"})
        == []
    )
