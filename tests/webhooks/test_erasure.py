"""An erased person's texts, names and files are removed from stored events, and the business's systems are notified."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conversations.models import ChatMessage
from conversations.moderation import erasure
from conversations.moderation import operations as moderation
from conversations.reactions.operations import add_reaction
from notifications.webhooks.models import WebhookEvent
from tests.conversations.people import conversation, person, say
from tests.webhooks.conftest import Shop, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def watched(inside_allowed: None) -> Shop:
    """Return a business with an endpoint."""
    shop = make_shop()
    shop.add_webhook("http://127.0.0.1:9/hook")
    return shop


def erase(shop: Shop) -> None:
    erasure.erase_person(actor=None, user_id=shop.customer.pk, reason="asked for it")


def data_of(type_name: str) -> list[dict[str, Any]]:
    rows = WebhookEvent.objects.filter(type=type_name).order_by("pk")
    return [json.loads(row.body)["data"] for row in rows]


def bodies() -> str:
    return "".join(WebhookEvent.objects.values_list("body", flat=True))


def test_stored_events_are_emptied(watched: Shop) -> None:
    guest = person()
    where = conversation(watched.business, guest)
    say(where, guest, ["my secret"])
    say(where, watched.owner, ["an answer"])
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
    assert "my secret" not in bodies()
    assert guest.username not in bodies()
    assert "an answer" in bodies()


def test_the_names_and_descriptions_of_files_go(watched: Shop) -> None:
    sent = watched.send_file("passport of carol.jpg", alt="Carol at the sea", placeholder="data:carol")
    watched.process_file(sent, {"state": "ready", "waveform": "[7, 77]"})
    assert [one["attachment"]["name"] for one in data_of("attachment.updated")] == ["passport of carol.jpg"]
    erase(watched)
    for kept in ("passport", "sea", "data:carol", "[7,77]", f"/chat/attachments/{sent.pk}"):
        assert kept not in bodies()
    [created], [updated] = data_of("message.created"), data_of("attachment.updated")
    assert (created["message"]["attachments"], created["message"]["senderId"]) == ([], None)
    assert (updated["attachment"]["name"], updated["attachment"]["url"]) == ("", None)


def test_a_file_that_is_processed_during_the_erasure_is_not_kept(
    watched: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = watched.send_file("passport.jpg")
    say(watched.where, watched.customer, ["my secret"])
    [hidden] = ChatMessage.objects.filter(content="my secret")
    moderation.hide_message(actor=None, message_id=hidden.pk, reason="x")

    def meanwhile(user_id: Any) -> None:
        watched.process_file(sent, {"state": "ready"})
        moderation.restore_message(actor=None, message_id=hidden.pk, reason="y")
        assert len(data_of("attachment.updated")) == 1

    monkeypatch.setattr(erasure, "erase_in_groups", [meanwhile])
    erase(watched)
    assert "passport" not in bodies()
    assert "my secret" not in bodies()


def test_the_reactions_of_the_person_go(watched: Shop) -> None:
    say(watched.where, watched.owner, ["an answer"])
    answer = ChatMessage.objects.get()
    add_reaction(user_id=watched.owner.pk, message_id=answer.pk, emoji="👍")
    for emoji in ("👍", "🎉"):
        add_reaction(user_id=watched.customer.pk, message_id=answer.pk, emoji=emoji)
    erase(watched)
    own = [{"emoji": "👍", "count": 1, "userIds": [str(watched.owner.pk)]}]
    assert [one["reactions"] for one in data_of("reactions.updated")] == [own] * 4


def test_other_people_keep_their_files(watched: Shop) -> None:
    watched.send_file("invoice.jpg")
    guest = person()
    say(conversation(watched.business, guest), guest, ["my secret"])
    erasure.erase_person(actor=None, user_id=guest.pk, reason="asked for it")
    assert "invoice.jpg" in bodies()
