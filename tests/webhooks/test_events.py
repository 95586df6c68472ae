"""Events of a conversation reach the endpoints that subscribe to them, in order and signed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier

from conversations import operations
from conversations.models import Business, ChatMessage
from conversations.reactions.operations import add_reaction
from notifications.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from notifications.webhooks.recorded_businesses import mark_recorded_businesses
from tests.conversations.people import business, conversation, person, say
from tests.webhooks.conftest import Shop, run_jobs, run_retries
from tests.webhooks.receiver import Receiver


def verified(receiver: Receiver, secret: str) -> list[dict[str, Any]]:
    """Return what arrived, after the library that receivers use has verified it."""
    return [Verifier(secret).verify(one.body, one.headers) for one in receiver.requests]


def types(receiver: Receiver) -> list[str]:
    return [one.event["type"] for one in receiver.requests]


def test_a_message_arrives_signed(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url, "message.created")
    shop.say("hello")
    run_jobs()
    [event] = verified(receiver, made["secret"])
    message = ChatMessage.objects.get()
    assert event["type"] == "message.created"
    assert event["businessId"] == str(shop.business.pk)
    assert event["data"]["rev"] == message.rev
    assert event["data"]["message"]["content"] == "hello"
    assert event["data"]["conversationId"] == str(shop.where.pk)


def test_every_type_in_the_order_of_rev(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url)
    shop.say("one", "two")
    first, second = ChatMessage.objects.order_by("seq")
    operations.edit_message(user_id=shop.customer.pk, message_id=first.pk, content="changed")
    add_reaction(user_id=shop.owner.pk, message_id=first.pk, emoji="👍")
    operations.mark_read(user_id=shop.owner.pk, conversation_id=shop.where.pk)
    operations.delete_message(user_id=shop.customer.pk, message_id=second.pk)
    run_jobs()
    assert types(receiver) == [
        "message.created",
        "message.created",
        "message.edited",
        "reactions.updated",
        "messages.read",
        "message.deleted",
    ]
    revs = [one.event["data"]["rev"] for one in receiver.requests]
    assert revs == sorted(set(revs))
    assert len({one.id for one in receiver.requests}) == len(revs)


def test_a_new_conversation(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "conversation.created")
    guest = person()
    where = conversation(shop.business, guest)
    run_jobs()
    [event] = [one.event for one in receiver.requests]
    assert event["data"]["conversation"]["id"] == event["data"]["conversationId"] == str(where.pk)
    assert event["data"]["conversation"]["customerId"] == str(guest.pk)


def test_only_the_types_of_the_endpoint(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url, "messages.read")
    shop.say("hello")
    operations.mark_read(user_id=shop.owner.pk, conversation_id=shop.where.pk)
    run_jobs()
    assert types(receiver) == ["messages.read"]
    assert WebhookEvent.objects.count() == 1


def test_an_endpoint_gets_nothing_of_another_business(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url)
    stranger = person()
    say(conversation(business(person()), stranger), stranger, ["not yours"])
    run_jobs()
    assert receiver.requests == []


def test_an_endpoint_of_the_site_gets_everything(shop: Shop, receiver: Receiver) -> None:
    from notifications.webhooks.secrets import encrypted, new_secret

    with transaction.atomic():
        Webhook.objects.create(url=receiver.url, events=["message.created"], secret=encrypted(new_secret()))
        mark_recorded_businesses()
    shop.say("one")
    stranger, newer = person(), business(person())
    Business.objects.filter(pk=newer.pk).update(changes_recorded=None)  # as every new one
    say(conversation(newer, stranger), stranger, ["two"])
    run_jobs()
    assert sorted(one.event["data"]["message"]["content"] for one in receiver.requests) == ["one", "two"]


def test_a_change_that_is_rolled_back_is_no_event(shop: Shop, receiver: Receiver) -> None:
    shop.add_webhook(receiver.url)
    with transaction.atomic():
        shop.say("never")
        transaction.set_rollback(True)
    run_jobs()
    assert receiver.requests == []
    assert not WebhookDelivery.objects.exists()


def test_a_business_without_endpoints_pays_no_query(shop: Shop) -> None:
    Business.objects.filter(pk=shop.business.pk).update(changes_recorded=None)
    shop.say("the first one looks once")
    assert Business.objects.get(pk=shop.business.pk).changes_recorded is False
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shop.say("hello")
    assert not [query["sql"] for query in queries if "webhook" in query["sql"].lower()]


def test_an_endpoint_gets_events_as_soon_as_it_exists(shop: Shop, receiver: Receiver) -> None:
    shop.say("before")
    shop.add_webhook(receiver.url)
    shop.say("after")
    run_jobs()
    assert [one.event["data"]["message"]["content"] for one in receiver.requests] == ["after"]


def test_saving_a_stale_business_keeps_the_mark(shop: Shop, receiver: Receiver) -> None:
    stale = Business.objects.get(pk=shop.business.pk)
    shop.add_webhook(receiver.url)
    stale.name = "renamed"
    stale.save()
    shop.say("still heard")
    run_jobs()
    assert len(receiver.requests) == 1


def test_both_secrets_sign_during_a_rotation(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url)
    renewed = shop.rest().post(f"/webhooks/{made['id']}/rotate").json()
    shop.say("hello")
    run_jobs()
    assert verified(receiver, made["secret"]) == verified(receiver, renewed["secret"])
    Webhook.objects.update(previous_secret_until=timezone.now() - timedelta(seconds=1))
    shop.say("later")
    run_jobs()
    last = receiver.requests[-1]
    assert Verifier(renewed["secret"]).verify(last.body, last.headers)
    with pytest.raises(Exception, match="No matching signature found"):
        Verifier(made["secret"]).verify(last.body, last.headers)


def test_secrets_are_encrypted_in_the_database(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url)
    row = Webhook.objects.get()
    assert made["secret"].removeprefix("whsec_") not in json.dumps(
        Webhook.objects.values_list().get(), default=str
    )
    assert row.secret


def test_a_deleted_endpoint_never_fails_a_message(shop: Shop, receiver: Receiver) -> None:
    made = shop.add_webhook(receiver.url)
    shop.say("one")
    assert shop.rest().delete(f"/webhooks/{made['id']}").status_code == 204
    shop.say("two")
    run_retries()
    assert receiver.requests == []
    assert Business.objects.get(pk=shop.business.pk).changes_recorded is False
