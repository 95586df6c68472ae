"""Names, previews and notifications that contain markup are shown as plain text everywhere."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SignedIn
from tests.browser.shell import entry, pane, ready
from tests.harness.cast import Cast

pytestmark = pytest.mark.shown

CORPUS = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"><svg onload=window.hacked=1>',
    "</script><script>window.hacked=1</script>",
    "{{7*7}}${window.hacked=1}javascript:window.hacked=1",
    "' onfocus='window.hacked=1' autofocus='",
    "<!--<script>window.hacked=1//--></template><b>",
    "\u202eltr \u0007\u200b %(name)s %s",
]

SETTING = """
import json
from django.contrib.auth import get_user_model
from conversations.models import Business, Membership
from notifications.operations import notify
users = get_user_model().objects
customer, member = users.get(username={customer!r}), users.get(username={member!r})
corpus = json.loads({corpus!r})
users.filter(pk=customer.pk).update(first_name=corpus[0][:150], last_name=corpus[1][:150])
shop = Business.objects.create(name=corpus[2], slug={member!r})
Membership.objects.create(business=shop, user=member, role="owner")
second = Business.objects.create(name=corpus[3], slug={member!r} + "-2")
Membership.objects.create(business=second, user=member, role="owner")
for text in corpus:
    notify(recipient_id=member.pk, type="system", title=text, body=text)
print("shop", shop.pk)
"""


async def test_no_text_runs(cast: Cast, signed_in: SignedIn) -> None:
    customer, member = await cast.newcomer(), await cast.newcomer()
    code = SETTING.format(customer=customer.name, member=member.name, corpus=json.dumps(CORPUS))
    shop = cast.stage.deployment.shell(code).split()[-1]
    conversation = await customer.rest.post("/chat/conversations", {"businessId": shop})
    for text in CORPUS:
        await customer.send(conversation["id"], text)
    page = await ready(await signed_in(member.name, f"/app/c/{conversation['id']}"))
    name = f"{CORPUS[0]} {CORPUS[1]}"
    await expect(entry(page, name)).to_be_visible()
    await expect(pane(page)).to_contain_text(CORPUS[2])
    await expect(page).to_have_title(re.compile(re.escape(name)))
    for text in (CORPUS[4], CORPUS[6]):
        await customer.send(conversation["id"], text)
        await expect(entry(page, name)).to_contain_text(text)
    await page.locator("[data-bell]").click()
    await expect(page.locator("[data-alert]")).to_have_count(len(CORPUS))
    await expect(page.get_by_role("dialog")).to_contain_text(CORPUS[1])
    await page.goto(page.url.split("/app")[0] + "/app/notifications")
    await expect(page.get_by_text(CORPUS[0]).first).to_be_visible()
    asking = await ready(await signed_in(customer.name, "/app/find"))
    await expect(asking.locator("[data-found]").get_by_text(CORPUS[2], exact=True)).to_be_visible()
    await asking.get_by_role("searchbox", name="Name of the business").fill("script")
    await expect(asking.locator("[data-found]").get_by_text(CORPUS[3], exact=True)).to_be_visible()
    for each in (page, asking):
        assert await each.evaluate("window.hacked") is None
