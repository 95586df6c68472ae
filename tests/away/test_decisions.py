"""People and support can see why notices were sent or skipped: the last 50 of each person."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from rest_framework.test import APIClient

from chatsite.web.notification_settings import REASONS as REASONS_ON_THE_PAGE
from notifications.delivery.decisions import REASONS
from notifications.delivery.jobs import LOST_AFTER, end_lost_notices, prune_notices
from notifications.delivery.models import Notice
from notifications.delivery.notices import record_skip
from tests.away.conftest import Shop

DOCS = Path(__file__).parents[2] / "docs" / "away.md"


def skip_many(shop: Shop, number: int) -> None:
    """Store many skipped notices of Carol: first `off`, later `muted`."""
    now = shop.clock.now
    reasons = ["off"] + ["muted"] * (number - 1)
    Notice.objects.bulk_create(
        record_skip(shop.carol.pk, "push", shop.conversation.pk, reason, now) for reason in reasons
    )


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_a_person_sees_the_last_fifty_and_nobody_elses(shop: Shop) -> None:
    skip_many(shop, 51)
    found = client_of(shop.carol).get("/me/notification-decisions").json()["results"]
    assert [decision["reason"] for decision in found] == ["muted"] * 50
    assert found[0]["explanation"] == REASONS["muted"]
    assert found[0]["state"] == "skipped"
    assert client_of(shop.amir).get("/me/notification-decisions").json()["results"] == []


def test_older_ones_are_deleted_and_those_under_way_are_not(shop: Shop) -> None:
    under_way = Notice.objects.create(user=shop.carol, channel="email")
    skip_many(shop, 51)
    Notice.objects.create(user=shop.amir, channel="email", state="sent", reason="sent")
    prune_notices.func()
    assert Notice.objects.filter(pk=under_way.pk).exists()
    assert Notice.objects.filter(user=shop.carol, reason="muted").count() == 50
    assert not Notice.objects.filter(reason="off").exists()
    assert Notice.objects.filter(user=shop.amir).count() == 1


def test_a_notice_without_a_job_ends_and_makes_room(shop: Shop) -> None:
    long_ago = shop.clock.now - LOST_AFTER - timedelta(minutes=1)
    Notice.objects.create(user=shop.carol, channel="email", created_at=long_ago)
    Notice.objects.create(user=shop.amir, channel="email", handed_over_at=shop.clock.now - timedelta(hours=2))
    Notice.objects.create(user=shop.olivia, channel="email")
    end_lost_notices.func()
    assert shop.decisions(shop.carol) == [("email", "failed", "unreachable")]
    assert shop.decisions(shop.amir) == [("email", "unknown", "interrupted")]
    assert shop.decisions(shop.olivia) == [("email", "pending", "")]


@pytest.mark.parametrize("group", ["support", "moderator"])
def test_support_finds_the_decisions_of_a_person_in_the_admin(shop: Shop, group: str) -> None:
    skip_many(shop, 2)
    Notice.objects.create(user=shop.amir, channel="email", state="failed", reason="refused")
    sam = User.objects.create(username="sam", is_staff=True)
    sam.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(sam)
    page = client.get("/admin/notifications/notice/?q=carol").content.decode()
    assert page.count("muted") == 1
    assert page.count(">off<") == 1
    assert "refused" not in page
    [row, _] = Notice.objects.filter(user=shop.carol)
    assert client.get(f"/admin/notifications/notice/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/notifications/notice/{row.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.get(f"/admin/notifications/notice/{row.pk}/delete/").status_code == 403


def test_every_reason_is_explained_and_documented() -> None:
    section = DOCS.read_text().partition("### Reasons")[2].partition("## ")[0]
    cells = re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE)
    documented = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert documented == set(REASONS)
    assert set(REASONS_ON_THE_PAGE) == set(REASONS)
