"""The admin's lists are read-only and have a bounded cost."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications import invitations, offers
from notifications.models import Invitation, Notification, Offer
from notifications.operations import notify
from tests.notifications.conftest import Town, tomorrow

MODELS = ("notification", "invitation", "offer")


@pytest.fixture
def admin(town: Town) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    for number in range(3):
        notify(recipient_id=town.carol.pk, type="system", title=f"notice {number}")
    town.newcomer()
    invitations.invite(inviter_id=town.olivia.pk, business_id=town.shop.pk, username="nina")
    offers.make_offer(
        author_id=town.amir.pk,
        conversation_id=town.conversation.pk,
        title="Bike",
        amount_minor=100,
        currency="EUR",
        expires_at=tomorrow(),
    )
    return client


@pytest.mark.parametrize("model", MODELS)
def test_lists_are_shown_without_a_full_count(admin: Client, model: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        response = admin.get(f"/admin/notifications/{model}/")
    assert response.status_code == 200
    table = f"notifications_{model}"
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and table in query["sql"]]
    assert counts
    assert all("LIMIT" in sql for sql in counts)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_or_changed_by_hand(admin: Client, model: str) -> None:
    assert admin.get(f"/admin/notifications/{model}/add/").status_code == 403


@pytest.mark.parametrize("model", [Invitation, Offer])
def test_invitations_and_offers_end_by_their_operations_only(
    admin: Client, model: type[Invitation | Offer]
) -> None:
    [row] = model.objects.all()
    page = f"/admin/notifications/{model._meta.model_name}/"
    assert admin.post(f"{page}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    admin.post(page, {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"})
    assert model.objects.get() == row


def test_filters_and_search(admin: Client) -> None:
    page = admin.get("/admin/notifications/notification/?type=system&q=carol")
    assert "notice 2" in page.content.decode()
    assert "Bike" not in page.content.decode()


def test_deleting_takes_the_users_own_way(admin: Client, town: Town) -> None:
    row = Notification.objects.get(title="notice 1")
    admin.post(f"/admin/notifications/notification/{row.pk}/delete/", {"post": "yes"})
    row.refresh_from_db()
    assert row.deleted_at is not None
    assert "notice 1" not in admin.get("/admin/notifications/notification/").content.decode()


@pytest.mark.parametrize("name", ["moderator", "support"])
def test_moderators_and_support_look_and_change_nothing(admin: Client, name: str) -> None:
    Group.objects.get_or_create(name=name)  # a test of another folder that commits leaves the tables empty
    importlib.import_module("notifications.migrations.0004_moderators_may_look").let_them_look(apps, None)
    clerk = User.objects.create(username="clerk", is_staff=True)
    clerk.groups.add(Group.objects.get(name=name))
    client = Client()
    client.force_login(clerk)
    row = Notification.objects.get(title="notice 1")
    for model in MODELS:
        assert client.get(f"/admin/notifications/{model}/").status_code == 200
    assert "notice 1" in client.get(f"/admin/notifications/notification/{row.pk}/change/").content.decode()
    assert client.post(f"/admin/notifications/notification/{row.pk}/change/", {}).status_code == 403
    assert (
        client.post(f"/admin/notifications/notification/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    )
