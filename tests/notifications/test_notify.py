"""`notify`, which creates every notification."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from chatsite.errors import DomainError
from chatsite.realtime.hub import Addressed
from conversations import operations as conversations
from conversations.requests import SendBody
from notifications import types
from notifications.models import Inbox, Notification
from notifications.operations import notify
from tests.notifications.conftest import Town, told


def refused(code: str, **arguments: Any) -> DomainError:
    with pytest.raises(DomainError) as error, transaction.atomic():
        notify(**{"type": "system", "title": "Hello", **arguments})
    assert error.value.code == code
    return error.value


def test_it_is_stored_and_announced_after_the_commit(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        stored = notify(
            recipient_id=town.carol.pk,
            type="system",
            title="Maintenance",
            body="Tonight",
            action_url="/status",
            data={"from": 22},
        )
        assert sent == []
    (event,) = told(sent, town.carol)
    assert event.keys() == {"notification", "rev", "unreadCount"}
    assert (event["rev"], event["unreadCount"]) == (1, 1)
    wire = event["notification"]
    assert wire.keys() == {"id", "type", "title", "body", "actionUrl", "data", "readAt", "createdAt"}
    assert (wire["id"], wire["title"], wire["data"]) == (str(stored.id), "Maintenance", {"from": 22})
    assert wire["createdAt"].endswith("Z")
    assert len(sent) == 1  # nobody else's sockets


def test_a_rollback_leaves_no_trace(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        notify(recipient_id=town.carol.pk, type="system", title="Never")
        transaction.set_rollback(True)
    assert (sent, Notification.objects.count(), Inbox.objects.count()) == ([], 0, 0)


def test_a_dedupe_key_makes_one_row_for_each_recipient(
    town: Town, sent: list[Addressed], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = notify(recipient_id=town.carol.pk, type="system", title="Once", dedupe_key="job:1")
        again = notify(recipient_id=town.carol.pk, type="system", title="Twice", dedupe_key="job:1")
        notify(recipient_id=town.amir.pk, type="system", title="Once", dedupe_key="job:1")
    assert (again.id, again.title) == (first.id, "Once")
    assert len(told(sent, town.carol)) == 1
    assert Notification.objects.count() == 2
    assert Inbox.objects.get(user=town.carol).rev == 1


def test_a_project_brings_a_type_with_its_texts(town: Town, parcel: types.NotificationType) -> None:
    made = notify(recipient_id=town.carol.pk, type="parcel", data={"number": "7/../x?", "carrier": "Bike"})
    assert (made.title, made.body) == ("Order 7/../x? is on its way", "With Bike.")
    assert made.action_url == "/orders/7%2F..%2Fx%3F"
    own = notify(
        recipient_id=town.carol.pk, type="parcel", title="Mine", data={"number": 1, "carrier": "Bike"}
    )
    assert own.title == "Mine"
    assert refused("invalid", recipient_id=town.carol.pk, type="parcel", title="").details == {
        "field": "data"
    }


def test_a_type_is_declared_once_and_well_named(parcel: types.NotificationType) -> None:
    for name in ("parcel", "Not A Name", "x" * 51, ""):
        with pytest.raises(ValueError, match=r"already declared|not a valid type name"):
            types.declare(name, title="Again")


def test_each_built_in_type_has_a_label_for_the_page() -> None:
    assert [name for name, label in types.labels().items() if label == name] == []


def test_the_documentation_has_each_built_in_type() -> None:
    text = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text()
    assert [name for name in types.names() if f"| `{name}` |" not in text] == []


def test_an_undeclared_type_is_refused(town: Town) -> None:
    error = refused("invalid", recipient_id=town.carol.pk, type="lottery")
    assert error.details == {
        "field": "type",
        "known": ["hand_over", "note_mention", "offer", "system", "team_invitation", "webhook_disabled"],
    }


def test_nobody_without_an_address_is_notified(town: Town) -> None:
    refused("not_found", recipient_id=10**9)


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        ({"title": "  "}, "invalid", "title"),
        ({"title": "x" * 201}, "too_large", "title"),
        ({"title": "a\x00b"}, "invalid", "title"),
        ({"body": "\ud800"}, "invalid", "body"),
        ({"body": "x" * 4_001}, "too_large", "body"),
        ({"action_url": "javascript:alert(1)"}, "invalid", "actionUrl"),
        ({"action_url": "http://plain.example"}, "invalid", "actionUrl"),
        ({"action_url": "//elsewhere.example"}, "invalid", "actionUrl"),
        ({"action_url": "/\\elsewhere.example"}, "invalid", "actionUrl"),
        ({"action_url": "/a b"}, "invalid", "actionUrl"),
        ({"data": {"x": "y" * 20_000}}, "too_large", "data"),
        ({"data": {"x": "a\x00b"}}, "invalid", "data"),
        ({"data": {"x": "\ud800"}}, "invalid", "data"),
        ({"data": {"x": object()}}, "invalid", "data"),
        ({"data": [1]}, "invalid", "data"),
        ({"dedupe_key": "x" * 201}, "too_large", "dedupeKey"),
    ],
)
def test_bad_values_are_refused(town: Town, arguments: dict[str, Any], code: str, field: str) -> None:
    error = refused(code, recipient_id=town.carol.pk, **arguments)
    assert error.details is not None
    assert error.details["field"] == field
    assert not Notification.objects.exists()


def test_data_is_stored_as_clients_see_it(town: Town) -> None:
    key = uuid4()
    made = notify(
        recipient_id=town.carol.pk,
        type="system",
        title="x",
        data={"id": key, "n": float("nan"), "b": "\\u0000"},
    )
    assert made.data == {"id": str(key), "n": None, "b": "\\u0000"}
    assert Notification.objects.get().data == made.data


def test_long_names_shorten_a_types_text(town: Town, parcel: types.NotificationType) -> None:
    made = notify(
        recipient_id=town.carol.pk,
        type="parcel",
        data={"number": "9" * 300, "carrier": "Bike"},
        action_url="/x",
    )
    assert (len(made.title), made.title[-1]) == (200, "…")


def test_the_cost_does_not_depend_on_how_many_there_are(
    town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        notify(recipient_id=town.carol.pk, type="system", title=f"n {number}")
    with django_assert_max_num_queries(8):  # two of them are of the savepoint
        notify(recipient_id=town.carol.pk, type="system", title="last", dedupe_key="k")


def test_unread_messages_make_no_notifications(town: Town) -> None:
    conversations.send_message(
        sender_id=town.carol.pk, conversation_id=town.conversation.pk, body=SendBody(content="Hi")
    )
    conversations.send_message(
        sender_id=town.amir.pk, conversation_id=town.conversation.pk, body=SendBody(content="Hello")
    )
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"created_rev": 1},
        {"dedupe_key": "a"},
        {"rev": 1, "created_rev": 2},
        {"rev": 0, "created_rev": 0},
        {"type": ""},
    ],
)
def test_the_database_holds_the_rules_too(town: Town, broken: dict[str, Any]) -> None:
    notify(recipient_id=town.carol.pk, type="system", title="first", dedupe_key="a")
    values = {"recipient": town.carol, "type": "system", "created_rev": 2, "rev": 2, **broken}
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(**values)
