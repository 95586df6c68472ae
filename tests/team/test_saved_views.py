"""Members save filters of the list under a name."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from conversations.membership import remove_member
from conversations.models import Membership, SavedView
from conversations.moderation import erasure
from conversations.moderation.exports import export_person
from conversations.team import jobs
from conversations.team.saved_views import operations
from tests.conversations.people import business, client_of
from tests.team.scene import Scene

pytestmark = pytest.mark.django_db

MINE = {"status": "open", "assignee": "me"}


@pytest.fixture
def scene() -> Scene:
    return Scene()


def save(scene: Scene, who: Any = None, **fields: Any) -> Any:
    body = {"businessId": str(scene.shop.pk), "name": "Mine", "filters": MINE, **fields}
    return scene.post(who or scene.colleague, "/team/views", **body)


def names(scene: Scene, who: Any) -> list[str]:
    answer = scene.get(who, "/team/views", businessId=str(scene.shop.pk))
    return [row["name"] for row in answer.json()["results"]]


def test_a_private_view_is_its_owners_and_one_of_the_business_is_everybodys(scene: Scene) -> None:
    label, group = scene.label(), scene.group()
    wide = {"label": label, "group": group, "priority": "none", "unread": True, "search": "bike"}
    private, shared = save(scene), save(scene, name="Refunds", filters=wide, scope="business")
    assert (private.status_code, private.json()["scope"], private.json()["filters"]) == (201, "private", MINE)
    assert (shared.json()["filters"], shared.json()["editable"]) == (wide, True)
    assert names(scene, scene.colleague) == ["Mine", "Refunds"]
    assert names(scene, scene.member) == ["Refunds"]
    assert scene.get(scene.customer, "/team/views", businessId=str(scene.shop.pk)).status_code == 404
    path = f"/team/views/{private.json()['id']}"
    for other in (scene.member, scene.customer, scene.stranger):
        assert client_of(other).patch(path, {"name": "x"}, format="json").status_code == 404
        assert client_of(other).delete(path).status_code == 404


def test_the_author_and_owners_change_a_view_of_the_business(scene: Scene) -> None:
    agent = Scene().stranger
    Membership.objects.create(business=scene.shop, user=agent)
    Membership.objects.filter(user=scene.colleague).update(role="agent")
    path = f"/team/views/{save(scene, scope='business').json()['id']}"
    assert client_of(agent).patch(path, {"name": "x"}, format="json").status_code == 403
    assert client_of(agent).delete(path).status_code == 403
    renamed = client_of(scene.colleague).patch(path, {"name": " Ours  now "}, format="json").json()
    assert (renamed["name"], renamed["filters"]) == ("Ours now", MINE)
    changed = client_of(scene.member).patch(path, {"filters": {"group": "none"}}, format="json").json()
    assert (changed["name"], changed["filters"]) == ("Ours now", {"group": "none"})
    assert client_of(scene.member).patch(path, {}, format="json").status_code == 400
    assert client_of(scene.member).delete(path).status_code == 204
    assert names(scene, scene.colleague) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"filters": {}},
        {"filters": {"label": "", "group": "", "search": " "}},
        {"filters": {"status": "closed"}},
        {"filters": {"assignee": "999999999"}},
        {"filters": {"label": "0190a2c0-0000-7000-8000-000000000000"}},
        {"filters": {"group": "everybody"}},
        {"filters": {"unread": True, "archived": True}},
        {"filters": {"search": "\x00"}},
        {"name": " "},
        {"scope": "world"},
    ],
)
def test_what_is_no_view_is_refused(scene: Scene, fields: dict[str, Any]) -> None:
    assert save(scene, **fields).status_code == 400
    assert not SavedView.objects.exists()


def test_what_another_business_has_is_refused(scene: Scene) -> None:
    elsewhere = Scene()
    for filters in ({"label": elsewhere.label()}, {"group": elsewhere.group()}):
        assert save(scene, filters=filters).status_code == 400
    assert save(scene, businessId=str(elsewhere.shop.pk)).status_code == 404


def test_a_name_is_taken_once_and_a_member_has_so_many(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_OF_MEMBER", 2)
    assert save(scene).status_code == 201
    again = save(scene)
    assert (again.status_code, again.json()["error"]["details"]) == (409, {"field": "name"})
    assert save(scene, scope="business").status_code == 201  # the names of the business are apart
    assert save(scene, name="Other").status_code == 201
    assert "at most 2" in save(scene, name="Third").json()["error"]["message"]
    assert save(scene, filters={"search": "x" * 101}).status_code in (409, 413)


def test_a_view_goes_with_what_it_is_for(scene: Scene) -> None:
    label, group = scene.label(), scene.group()
    save(scene, name="Label", filters={"label": label, "status": "open"})
    save(scene, name="Group", filters={"group": group})
    client_of(scene.member).delete(f"/team/labels/{label}")
    client_of(scene.member).delete(f"/team/groups/{group}")
    assert names(scene, scene.colleague) == []
    jobs.take_label_off.call(label)
    jobs.dissolve_group.call(group)
    assert not SavedView.objects.exists()


def test_a_person_takes_private_views_along(scene: Scene) -> None:
    save(scene)
    save(scene, name="Ours", scope="business")
    exported = b"".join(export_person(actor=None, user_id=scene.colleague.pk, reason="asked"))
    assert exported.count(b'"savedView"') == 2
    remove_member(business_id=scene.shop.pk, user_id=scene.colleague.pk)
    assert [view.name for view in SavedView.objects.all()] == ["Ours"]
    for forget_person in erasure.forget_person:
        forget_person(scene.colleague.pk)
    assert SavedView.objects.get().created_by is None


def test_the_page_has_a_link_for_each_view(scene: Scene) -> None:
    save(scene)
    save(scene, name="Unread", filters={"unread": True, "search": "bike"}, scope="business")
    browser = Client()
    browser.force_login(scene.colleague)
    page = browser.get("/app/?status=open&assignee=me")
    assert [(link.name, link.current) for link in page.context["saved_views"]] == [
        ("Mine", True),
        ("Unread", False),
    ]
    text = page.content.decode()
    assert 'href="/app?show=unread&amp;q=bike"' in text.replace('"/app/?', '"/app?')
    assert [view["name"] for view in page.context["session"]["views"]] == ["Mine", "Unread"]
    second = business(scene.colleague)
    [first, _] = browser.get("/app/").context["saved_views"]
    assert f"business={scene.shop.pk}" in first.address
    assert f"business={second.pk}" not in first.address
    browser.force_login(scene.customer)
    assert b"data-views" not in browser.get("/app/").content
