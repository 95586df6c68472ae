"""REST of notifications: lists, counts, reading, deleting."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from chatsite.realtime.hub import Addressed
from notifications.models import Notification
from notifications.operations import notify
from tests.notifications.conftest import Town, make_api, told

pytestmark = pytest.mark.urls("notifications.urls")


@pytest.fixture
def carol(town: Town) -> APIClient:
    """Carol's client. She has three system notifications and two offers, oldest first."""
    for number in range(3):
        notify(recipient_id=town.carol.pk, type="system", title=f"system {number}")
    for number in range(2):
        notify(recipient_id=town.carol.pk, type="offer", title=f"offer {number}", action_url="/offers/x")
    notify(recipient_id=town.amir.pk, type="system", title="not carol's")
    return make_api(town.carol)


def titles(client: APIClient, query: str = "") -> list[str]:
    response = client.get(f"/notifications{query}")
    assert response.status_code == 200, response.json()
    return [row["title"] for row in response.json()["results"]]


def id_of(title: str) -> str:
    return str(Notification.objects.get(title=title).pk)


def test_the_list_is_newest_first_and_only_mine(carol: APIClient) -> None:
    assert titles(carol) == ["offer 1", "offer 0", "system 2", "system 1", "system 0"]
    assert titles(carol, "/?type=offer") == ["offer 1", "offer 0"]


def test_unread_and_read(carol: APIClient) -> None:
    carol.patch(f"/notifications/{id_of('offer 0')}/read")
    assert titles(carol, "?unread=true") == ["offer 1", "system 2", "system 1", "system 0"]
    assert titles(carol, "?unread=false") == ["offer 0"]
    assert titles(carol, "?unread=1&type=offer") == ["offer 1"]


def test_pages_lead_there_and_back(carol: APIClient) -> None:
    seen: list[list[str]] = []
    following, previous = "/notifications?limit=2", ""
    while following:
        page = carol.get(following).json()
        seen.append([row["title"] for row in page["results"]])
        previous, following = page["previous"], page["next"]
    assert seen == [["offer 1", "offer 0"], ["system 2", "system 1"], ["system 0"]]
    assert [row["title"] for row in carol.get(previous).json()["results"]] == ["system 2", "system 1"]


def test_a_page_is_one_query(
    carol: APIClient, town: Town, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        notify(recipient_id=town.carol.pk, type="system", title=f"more {number}")
    for path in (
        "/notifications",
        "/notifications?limit=3&unread=true&type=system",
        "/notifications/unread-count",
    ):
        with django_assert_num_queries(1):
            assert carol.get(path).status_code == 200


def cursor(**values: str) -> str:
    return base64.b64encode(urlencode(values).encode()).decode()


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "unread=maybe",
        "type=lottery",
        "type=%00",
        "cursor=%00",
        "cursor=!!",
        f"cursor={cursor(p='x')}",
        f"cursor={cursor(p='9' * 40)}",
        f"cursor={cursor(p='-1')}",
        f"cursor={cursor(p=chr(0))}",
    ],
)
def test_bad_parameters_are_invalid(carol: APIClient, query: str) -> None:
    response = carol.get(f"/notifications?{query}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid")


def test_unread_counts(carol: APIClient) -> None:
    assert carol.get("/notifications/unread-count").json() == {"total": 5, "types": {"system": 3, "offer": 2}}
    carol.patch("/notifications/read-all?type=offer")
    assert carol.get("/notifications/unread-count/").json() == {"total": 3, "types": {"system": 3}}


def test_reading_one_is_reported_once_to_all_devices(
    carol: APIClient,
    town: Town,
    sent: list[Addressed],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    path = f"/notifications/{id_of('offer 0')}/read"
    with django_capture_on_commit_callbacks(execute=True):
        first = carol.patch(path).json()
        again = carol.patch(f"{path}/").json()
    assert first["readAt"].endswith("Z")
    assert again == first
    assert told(sent, town.carol) == [{"notification": first, "rev": 6, "unreadCount": 4}]


def test_reading_all_is_one_event(
    carol: APIClient,
    town: Town,
    sent: list[Addressed],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert carol.patch("/notifications/read-all?type=system").json() == {"updated": 3, "unreadCount": 2}
        assert carol.patch("/notifications/read-all?type=system").json() == {"updated": 0, "unreadCount": 2}
        assert carol.patch("/notifications/read-all").json() == {"updated": 2, "unreadCount": 0}
    systems, rest = told(sent, town.carol)
    assert (systems["notification"]["title"], systems["readAll"]["type"]) == ("system 2", "system")
    assert systems["readAll"]["readAt"] == systems["notification"]["readAt"]
    assert (systems["rev"], rest["rev"]) == (6, 7)
    assert rest["readAll"]["type"] is None
    assert carol.patch("/notifications/read-all?type=lottery").status_code == 400


def test_reading_all_costs_the_same_however_many(
    carol: APIClient, town: Town, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        notify(recipient_id=town.carol.pk, type="system", title=f"more {number}")
    with django_assert_max_num_queries(9):
        assert carol.patch("/notifications/read-all").json()["updated"] == 35


def test_a_deleted_one_is_gone_and_its_content_too(
    carol: APIClient,
    town: Town,
    sent: list[Addressed],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    key = id_of("offer 0")
    with django_capture_on_commit_callbacks(execute=True):
        assert carol.delete(f"/notifications/{key}").status_code == 204
        assert carol.delete(f"/notifications/{key}").status_code == 404
    assert titles(carol) == ["offer 1", "system 2", "system 1", "system 0"]
    (event,) = told(sent, town.carol)
    assert (event["deleted"], event["notification"]["id"], event["unreadCount"]) == (True, key, 4)
    left = Notification.objects.get(pk=key)
    assert (left.title, left.body, left.action_url, left.data) == ("", "", "", {})
    assert carol.patch(f"/notifications/{key}/read").status_code == 404


def test_a_deleted_one_does_not_come_back_by_its_key(carol: APIClient, town: Town) -> None:
    made = notify(recipient_id=town.carol.pk, type="system", title="keyed", dedupe_key="k")
    carol.delete(f"/notifications/{made.id}")
    assert notify(recipient_id=town.carol.pk, type="system", title="keyed", dedupe_key="k").id == made.id
    assert "keyed" not in titles(carol)


def test_objects_of_others_are_not_found(carol: APIClient, town: Town) -> None:
    foreign = id_of("not carol's")
    for key in (foreign, str(uuid4()), "nonsense", "0"):
        for call in (carol.delete, carol.patch):
            path = f"/notifications/{key}" if call == carol.delete else f"/notifications/{key}/read"
            response = call(path)
            assert response.status_code == 404
            assert response.json()["error"] == {"code": "not_found", "message": "No such notification."}
    assert titles(make_api(town.amir), "?unread=true") == ["not carol's"]


def test_only_for_signed_in_users(db: None) -> None:
    anonymous = APIClient()
    for path in ("/notifications", "/notifications/unread-count", "/team/invitations", "/offers"):
        assert anonymous.get(path).status_code == 401


def test_the_browsable_pages_render(carol: APIClient, town: Town) -> None:
    user: User = town.carol
    for path in ("/notifications", "/notifications/unread-count", "/team/invitations"):
        response: Any = make_api(user).get(path, HTTP_ACCEPT="text/html")
        assert response.status_code == 200
