"""The command line and Django admin mask secrets, and show them on request to those who may see them."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client

from chatsite.widget.models import WidgetSite
from conversations.models import Business
from tests.widget.conftest import Shop


def widget_secret(*arguments: str) -> str:
    printed = StringIO()
    call_command("widget_secret", *arguments, stdout=printed)
    return printed.getvalue()


def test_the_command(shop: Shop) -> None:
    slug, first = shop.business.slug, shop.secret
    listed = widget_secret(slug)
    assert f"iss {shop.site.pk}" in listed
    assert first.hint in listed
    assert first.value not in listed
    assert widget_secret(slug, "--show").strip() == first.value
    second = widget_secret(slug, "--rotate").strip()
    assert second == shop.secret.value != first.value
    assert first.hint in widget_secret(slug, "--revoke", str(first.pk))
    assert [secret.value for secret in shop.site.secrets.all()] == [second]
    assert "Signed out 0 visitors." in widget_secret(slug, "--sign-out")
    for bad in (("nobody",), (slug, "--revoke", str(first.pk))):
        with pytest.raises(CommandError):
            widget_secret(*bad)


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def act(client: Client, shop: Shop, **form: str) -> Any:
    return client.post(f"/admin/widget/widgetsite/{shop.site.pk}/secrets/", form)


def test_the_secrets_page(root: Client, shop: Shop) -> None:
    first = shop.secret
    page = root.get(f"/admin/widget/widgetsite/{shop.site.pk}/secrets/")
    assert first.hint in page.content.decode()
    assert first.value not in page.content.decode()
    shown = act(root, shop, act="show", secret=str(first.pk))
    assert first.value in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert first.value not in str(shown.cookies)
    rotated = act(root, shop, act="rotate")
    assert shop.secret.value in rotated.content.decode()
    assert act(root, shop, act="revoke", secret=str(first.pk)).status_code == 302
    assert act(root, shop, act="revoke", secret="nothing").status_code == 302
    assert [secret.pk for secret in shop.site.secrets.all()] == [shop.secret.pk]
    log = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert [text.split(" ")[0] for text in log] == ["Viewed", "Created", "Revoked"]
    assert not any(first.value in text for text in log)


def test_it_needs_its_permission(shop: Shop) -> None:
    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.set(
        Permission.objects.filter(codename__in=["view_widgetsite", "change_widgetsite"])
    )
    client = Client()
    client.force_login(helper)
    assert client.get(f"/admin/widget/widgetsite/{shop.site.pk}/change/").status_code == 200
    assert act(client, shop, act="show", secret=str(shop.secret.pk)).status_code == 403


def test_the_form_goes_through_the_operations(root: Client) -> None:
    business = Business.objects.create(name="Shop", slug="shop")
    form = {
        "business": str(business.pk),
        "enabled": "on",
        "origin_lines": "https://a.example\nhttps://*.b.example",
    }
    bad = root.post(
        "/admin/widget/widgetsite/add/", {**form, "accent": "red", "origin_lines": "http://a.example"}
    )
    assert bad.status_code == 200
    assert "must begin with https" in bad.content.decode()
    assert root.post("/admin/widget/widgetsite/add/", form).status_code == 302
    site = WidgetSite.objects.get(business=business)
    assert site.origins == ["https://a.example", "https://*.b.example"]
    assert site.secrets.count() == 1
    changed = root.post(
        f"/admin/widget/widgetsite/{site.pk}/change/", {**form, "accent": "#ABCDEF", "origin_lines": ""}
    )
    assert changed.status_code == 302
    site.refresh_from_db()
    assert (site.accent, site.origins) == ("#abcdef", [])
    assert root.get("/admin/widget/widgetsite/").status_code == 200
    assert root.post(f"/admin/widget/widgetsite/{site.pk}/delete/", {"post": "yes"}).status_code == 403
