"""Each event that both sides of a conversation see has a webhook type."""

from __future__ import annotations

import re
from pathlib import Path

from chatsite.realtime import registry
from chatsite.web.webhook_settings import EVENTS
from conversations.attachments.processing import REJECTED
from conversations.models import Conversation
from notifications.webhooks.event_types import TEST, names, type_of
from tests.webhooks.conftest import Shop, run_jobs
from tests.webhooks.receiver import Receiver

DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"
# Events for the sockets of a conversation that webhooks do not get, and why.
FOR_SOCKETS_ALONE = {"user_typing": "it is over after seconds, and nothing stores it"}


def test_each_event_of_a_conversation_has_a_type() -> None:
    seen_by_both = {
        kind.name for kind in registry.events.values() if kind.to.startswith("Sockets that joined")
    }
    assert len(seen_by_both) > 5
    untyped = {name for name in seen_by_both if type_of(name) is None}
    assert untyped == FOR_SOCKETS_ALONE.keys()


def test_the_docs_and_the_page_list_each_type() -> None:
    table = DOCS.read_text().split("| Type | `data` |")[1].split("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`([\w.]+)`", cell)} == {*names(), TEST}
    assert EVENTS.keys() == set(names())


def test_the_end_of_processing_reaches_webhooks(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "attachment.updated")
    sent = shop.send_file("photo.jpg")
    shop.process_file(sent, {**REJECTED, "reason": "It is broken."})
    run_jobs()
    [event] = [one.event for one in receiver.requests]
    assert event["type"] == "attachment.updated"
    assert event["data"]["conversationId"] == str(shop.where.pk)
    assert event["data"]["messageId"] == str(sent.message_id)
    assert event["data"]["rev"] == Conversation.objects.get().rev
    assert event["data"]["attachment"]["reason"] == "It is broken."
