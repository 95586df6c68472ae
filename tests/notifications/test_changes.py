"""The notifications in an answer to `sync`: everything after the client's position, without gaps."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from conversations.sync import SyncCommand, synchronise
from notifications.models import Inbox, Notification
from notifications.operations import delete_notification, mark_all_read, mark_read, notify
from tests.notifications.conftest import Town


def tell(town: Town, *titles: str) -> list[str]:
    return [str(notify(recipient_id=town.carol.pk, type="system", title=title).id) for title in titles]


def sync(town: Town, after: str | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(synchronise(town.carol.pk, SyncCommand(notifications_after=after)))
    )
    return answer


def titles(answer: dict[str, Any]) -> list[str]:
    return [row["title"] for row in answer["notifications"]]


def test_a_client_without_a_position_gets_everything(town: Town) -> None:
    assert sync(town)["notificationsRev"] == 0
    keys = tell(town, "a", "b", "c")
    delete_notification(user_id=town.carol.pk, notification_id=keys[0])
    notify(recipient_id=town.amir.pk, type="system", title="not carol's")
    for nothing in (None, "", "0"):
        answer = sync(town, nothing)
        assert (titles(answer), answer["notificationsDeleted"]) == (["b", "c"], [])
        assert (answer["notificationsRev"], answer["notificationsUnread"]) == (
            4,
            {"total": 2, "types": {"system": 2}},
        )
        assert "notificationsResync" not in answer


def test_the_changes_after_a_rev_are_answered(town: Town) -> None:
    first, second, third = tell(town, "a", "b", "c")
    known = str(sync(town)["notificationsRev"])
    assert titles(sync(town, known)) == []
    mark_read(user_id=town.carol.pk, notification_id=first)
    delete_notification(user_id=town.carol.pk, notification_id=second)
    tell(town, "d")
    answer = sync(town, known)
    assert (titles(answer), answer["notificationsDeleted"]) == (["a", "d"], [second])
    assert answer["notifications"][0]["readAt"]
    mark_all_read(user_id=town.carol.pk)
    assert titles(sync(town, str(answer["notificationsRev"]))) == ["c", "d"]
    assert third


def test_after_an_id_comes_one_page_more(town: Town) -> None:
    """The client has that one, but may have missed the event of the one before."""
    more = settings.CHAT.page_default
    keys = tell(town, *(f"n {number}" for number in range(1, more + 11)))
    found = titles(sync(town, keys[more + 5]))  # the one of rev more + 6
    assert (found[0], found[-1], len(found)) == ("n 7", f"n {more + 10}", more + 4)


def test_ids_out_of_order_leave_no_hole(town: Town) -> None:
    """A transaction got its id early and committed late."""
    keys = sorted(tell(town, "early id", "late id"))
    Notification.objects.filter(created_rev=1).update(created_rev=3, rev=3)
    Inbox.objects.update(rev=3)
    assert "early id" in titles(sync(town, keys[1]))
    assert titles(sync(town, "2")) == ["early id"]


def test_too_much_is_a_resync(town: Town) -> None:
    most = settings.CHAT.page_most
    tell(town, *(f"n {number}" for number in range(most + 1)))
    for after in (None, "0"):
        answer = sync(town, after)
        assert (answer["notificationsResync"], titles(answer)) == (True, [])
    assert len(titles(sync(town, "1"))) == most


@pytest.mark.parametrize(
    "after", ["99", "x", "-1", "1.5", "9" * 30, "01a20000-0000-7000-8000-000000000000", "\x00"]
)
def test_an_unknown_position_causes_a_resync(town: Town, after: str) -> None:
    tell(town, "a")
    answer = sync(town, after)
    assert answer["notificationsResync"] is True
    assert answer["notificationsUnread"]["total"] == 1


def test_another_users_id_places_nothing(town: Town) -> None:
    foreign = notify(recipient_id=town.amir.pk, type="system", title="not carol's")
    tell(town, "a")
    assert sync(town, str(foreign.id))["notificationsResync"] is True


def test_the_cost_is_constant(town: Town, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    tell(town, *(f"n {number}" for number in range(30)))
    newest = tell(town, "newest")[0]
    for after in (None, "3", newest):
        with django_assert_max_num_queries(4 + 5):  # five are of the conversations
            sync(town, after)
