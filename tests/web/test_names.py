"""A name cannot change the direction of the text around it, on pages and in notifications."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from chatsite.identity.bidi import isolate
from conversations import operations as chat
from conversations.models import Business, Membership
from notifications import types

EVIL = "Eve\u202e\u2069gnp.exe"
HEBREW = "\u05d3\u05df"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Kim", "Kim"), ("Zo\u00eb", "Zo\u00eb"), (EVIL, "Evegnp.exe"), (HEBREW, f"\u2068{HEBREW}\u2069")],
)
def test_a_name_in_plain_text(name: str, shown: str) -> None:
    assert isolate(name) == shown


def test_a_notifications_title_is_not_turned() -> None:
    person = {"name": EVIL}
    data = {"inviter": person, "invitee": person, "businessName": EVIL, "status": "pending"}
    assert types.TEAM_INVITATION.title_of(data) == "Evegnp.exe invites you to join Evegnp.exe"
    data = {"title": EVIL, "amount": "1.00", "currency": "EUR", "businessName": "Shop", "customerName": EVIL}
    title = types.OFFER.title_of({**data, "status": "accepted"})
    assert title == "Evegnp.exe accepted your offer: Evegnp.exe, €1.00"


def test_names_are_isolated_on_every_page(db: None) -> None:
    user = get_user_model().objects.create_user("eve", first_name=EVIL)
    first, second = (Business.objects.create(name=f"{EVIL} {n}", slug=f"shop-{n}") for n in range(2))
    for shop in (first, second):
        Membership.objects.create(business=shop, user=user, role="owner")
    customer = get_user_model().objects.create_user("mallory", first_name=EVIL)
    conversation, _, _ = chat.open_conversation(user_id=customer.pk, business_id=str(first.pk))
    client = Client()
    for person in (user, customer):
        client.force_login(person)
        for path in ("/app", f"/app/c/{conversation.pk}", "/app/find?q=Eve", "/app/notifications"):
            page = re.sub(r"<script.*?</script>", "", client.get(path).content.decode(), flags=re.DOTALL)
            page = re.sub(r'data-business="[^"]*"', "", page)  # for scripts, not shown
            page = re.sub(r"<bdi[^>]*>[^<]*</bdi>", "", page)
            page = re.sub(r'<(\w+)[^>]* dir="auto"[^>]*>[^<]*</\1>', "", page)
            assert "\u202e" not in page, (path, page[max(0, page.find("\u202e") - 200) :][:300])
