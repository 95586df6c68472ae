"""An address that takes a form leads to its page: after a sign-in, and when a refused form is reloaded."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.conversations.people import business, conversation, person

pytestmark = pytest.mark.django_db

CONVERSATION = ("conversation", "conversation_id")
ACTIONS = [
    ("save-canned-answer", ("team-settings", "business_id")),
    ("send", CONVERSATION),
    ("send-file", CONVERSATION),
    ("read", CONVERSATION),
    ("rate", CONVERSATION),
    ("archive", CONVERSATION),
    ("open", ("find",)),
    ("notifications-read-all", ("notifications",)),
    ("notification-act", ("notifications",)),
    ("remove-device", ("notification-settings",)),
    ("unmute", ("notification-settings",)),
]
NEEDED = {
    "save-canned-answer": ("business_id",),
    "notification-act": ("notification_id", "verb"),
    "remove-device": ("subscription_id",),
    "unmute": ("conversation_id",),
}


@pytest.mark.parametrize(("action", "page"), ACTIONS)
def test_a_form_of_a_lost_session_leads_to_its_page_after_the_sign_in(
    action: str, page: tuple[str, ...]
) -> None:
    owner = person()
    shop = business(owner)
    values: dict[str, Any] = {
        "business_id": shop.pk,
        "conversation_id": conversation(shop).pk,
        "notification_id": uuid4(),
        "subscription_id": uuid4(),
        "verb": "read",
    }
    needed = NEEDED.get(action, page[1:])
    address = reverse(f"web:{action}", kwargs={name: values[name] for name in needed})
    browser = Client()
    browser.force_login(owner)
    answer = browser.get(address)
    wanted = reverse(f"web:{page[0]}", kwargs={name: values[name] for name in page[1:]})
    assert (answer.status_code, answer["Location"]) == (302, wanted)
    assert browser.get(wanted).status_code == 200
    assert browser.put(address).status_code == 405
