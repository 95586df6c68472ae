"""An erased person's texts and names are removed from stored events, and the business's systems are notified."""

from __future__ import annotations

import pytest

from conversations.moderation import erasure
from notifications.webhooks.models import WebhookEvent
from tests.conversations.people import conversation, person, say
from tests.webhooks.conftest import make_shop

pytestmark = pytest.mark.django_db


def test_stored_events_are_emptied(inside_allowed: None) -> None:
    shop = make_shop()
    shop.add_webhook("http://127.0.0.1:9/hook")
    guest = person()
    where = conversation(shop.business, guest)
    say(where, guest, ["my secret"])
    say(where, shop.owner, ["an answer"])
    erasure.erase_person(actor=None, user_id=guest.pk, reason="asked for it")
    erasure.erase_person(actor=None, user_id=guest.pk, reason="again")
    events = list(WebhookEvent.objects.order_by("pk"))
    assert [event.type for event in events if event.type != "message.deleted"] == [
        "conversation.created",
        "message.created",
        "message.created",
        "contact.erased",
    ]
    assert f'"customerId":"{guest.pk}"' in events[3].body
    bodies = "".join(event.body for event in events)
    assert "my secret" not in bodies
    assert guest.username not in bodies
    assert "an answer" in bodies
