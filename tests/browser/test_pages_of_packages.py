"""Swagger, the browsable API and Django admin work within our content security policy.

Any refusal by the policy fails these tests. `tests/attack/test_page_policy.py` reads the pages without running them.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import assert_accessible
from tests.browser.conftest import OpenPage
from tests.browser.shell import assert_fits
from tests.harness.backend import Deployment

pytestmark = pytest.mark.shown

STAFF = """
from django.contrib.auth.models import User
from django.test import Client
user, _ = User.objects.get_or_create(username="policy-reader", is_staff=True, is_superuser=True)
client = Client()
client.force_login(user)
print("session", client.session.session_key)
"""
REPORT = """
from django.contrib.auth.models import User
from conversations.models import Business, Membership
from conversations.moderation.reports import make_report
from conversations.operations import open_conversation, send_message
from conversations.requests import SendBody
customer, _ = User.objects.get_or_create(username="report-customer")
member, _ = User.objects.get_or_create(username="report-member")
business, _ = Business.objects.get_or_create(name="Reported & Sons", slug="reported-sons")
Membership.objects.get_or_create(business=business, user=member)
where = str(open_conversation(user_id=customer.pk, business_id=str(business.pk))[0].pk)
sent = send_message(sender_id=customer.pk, conversation_id=where, body=SendBody(content="Hello"))
about = {"conversation_id": where, "message_id": str(sent.message.id)}
report, _ = make_report(reporter_id=member.pk, reason="spam", text="Look at this", **about)
print("report", where, report.pk)
"""


async def signed_in(deployment: Deployment, open_page: OpenPage) -> Page:
    printed = deployment.shell(STAFF)
    (key,) = [line.split()[1] for line in printed.splitlines() if line.startswith("session ")]
    url = deployment.server(0).url
    page = await open_page(f"{url}/healthz")
    page.allowed.append("404")  # type: ignore[attr-defined]  # a browser asks for /favicon.ico
    await page.context.add_cookies([{"name": "sessionid", "value": key, "url": url}])
    return page


async def test_swagger_shows_the_operations(deployment: Deployment, open_page: OpenPage) -> None:
    page = await open_page(f"{deployment.server(0).url}/api/docs")
    await page.locator(".opblock-summary", has_text="/auth/token/refresh").click()
    await page.get_by_text("Exchange a refresh token for a new pair.").wait_for()


async def test_the_browsable_api_lists_and_logs_out(deployment: Deployment, open_page: OpenPage) -> None:
    page = await signed_in(deployment, open_page)
    url = deployment.server(0).url
    await page.goto(f"{url}/chat/businesses")
    await page.get_by_text("policy-reader").click()
    page.allowed.append("401")  # type: ignore[attr-defined]  # of the page after it
    await page.get_by_role("link", name="Log out").click()
    await page.get_by_role("link", name="Log in").wait_for()


async def test_the_admin_filters_and_edits(deployment: Deployment, open_page: OpenPage) -> None:
    page = await signed_in(deployment, open_page)
    url = deployment.server(0).url
    for path in ("", "auth/user/", "conversations/membership/add/", "conversations/conversation/"):
        await page.goto(f"{url}/admin/{path}", wait_until="networkidle")
    await page.goto(f"{url}/admin/auth/user/add/", wait_until="networkidle")
    await page.get_by_label("Username").fill("policy-writer")
    assert "Business chat" in await page.title()


async def test_everybody_can_use_them(deployment: Deployment, open_page: OpenPage, axe_source: str) -> None:
    """Run axe on a phone-sized page, which scrolls more, with a conversation and a report in the admin."""
    page = await signed_in(deployment, open_page)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(reduced_motion="reduce")
    printed = deployment.shell(REPORT)
    (where, report) = next(line.split()[1:] for line in printed.splitlines() if line.startswith("report "))
    moderated = (f"conversation/{where}/change", f"report/{report}/change", "conversation", "membership/add")
    paths = ["", *(f"conversations/{path}/" for path in moderated)]
    for path in (
        *(f"/admin/{path}" for path in paths),
        "/chat/conversations",
        "/chat/businesses",
        "/api/docs",
    ):
        await page.goto(deployment.server(0).url + path, wait_until="load")
        if path == "/admin/":
            await page.get_by_role("link", name="Open reports").wait_for()
        if path == "/api/docs":
            await page.locator(".opblock-summary", has_text="/auth/token/refresh").click()
            await page.get_by_text("Exchange a refresh token for a new pair.").wait_for()
        await assert_accessible(page, axe_source)
        await assert_fits(page)
        if not path.startswith("/admin/"):
            await page.emulate_media(color_scheme="dark")
            ground = "getComputedStyle(document.body).backgroundColor"
            assert await page.evaluate(ground) == "rgb(15, 17, 21)"  # the site's
            await assert_accessible(page, axe_source)
            await page.emulate_media(color_scheme="light")
    await page.context.clear_cookies()
    for path in ("/admin/login/", "/api-auth/login/"):
        await page.goto(deployment.server(0).url + path)
        await assert_accessible(page, axe_source)


async def test_a_search_on_a_phone_shows_what_it_found(deployment: Deployment, open_page: OpenPage) -> None:
    where = next(
        line.split()[1] for line in deployment.shell(REPORT).splitlines() if line.startswith("report ")
    )
    page = await signed_in(deployment, open_page)
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{deployment.server(0).url}/admin/conversations/conversation/{where}/change/")
    await page.get_by_role("searchbox", name="Search this conversation").fill("hello")
    await page.get_by_role("searchbox", name="Search this conversation").press("Enter")
    await expect(page.locator(".mod-message").first).to_be_in_viewport()  # below the panels
