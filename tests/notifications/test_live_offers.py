"""Offers on real servers: the offer, its system message and the notifications, on every device."""

from __future__ import annotations

import asyncio

import pytest

from tests.conversations.rooms import Watcher
from tests.harness.rest import ApiError, eventually
from tests.notifications.shop import LiveShop, Tray


@pytest.mark.parametrize(("verb", "status"), [("accept", "accepted"), ("decline", "declined")])
async def test_an_offer_from_end_to_end(live_shop: LiveShop, verb: str, status: str) -> None:
    conversation_id = await live_shop.conversation()
    watchers = [
        await Watcher.enter(person, conversation_id) for person in (live_shop.customer, live_shop.agent)
    ]
    customer, agent = watchers[0].client, watchers[1].client
    made = await live_shop.offer(conversation_id)
    shown = (await customer.expect("new_message"))["message"]
    assert (shown["messageType"], shown["senderSide"], shown["senderId"]) == ("system", "system", None)
    assert shown["content"].startswith("Offer: Blue touring bike, €1,299.00.")
    notice = (await customer.expect("notification"))["notification"]
    assert (notice["type"], notice["actionUrl"]) == ("offer", f"/offers/{made['id']}")

    answered = await live_shop.customer.rest.post(f"{notice['actionUrl']}/{verb}")
    assert answered["status"] == status
    told = (await agent.expect("notification"))["notification"]
    assert (told["type"], told["data"]["status"]) == ("offer", status)
    await agent.expect("new_message", lambda data: data["message"]["content"].startswith(f"Offer {status}"))
    for watcher in watchers:
        fresh = await watcher.converges()
        assert [row["messageType"] for row in fresh.ordered()] == ["system", "system"]
        assert fresh.conversation["unreadCount"] == 0
        tray = Tray().apply_all(watcher.client.events)
        assert tray.rows == (await Tray.fetch(watcher.person.rest)).rows
    await agent.nothing("notification")


LET_LAPSE = """
from datetime import timedelta
from notifications.models import Offer
offer = Offer.objects.get(pk={offer!r})
passed = {{"created_at": offer.created_at - timedelta(9), "expires_at": offer.expires_at - timedelta(9)}}
Offer.objects.filter(pk=offer.pk).update(**passed)
"""


async def test_an_offer_that_lapses_on_open_pages(live_shop: LiveShop) -> None:
    deployment = live_shop.cast.stage.deployment
    conversation_id = await live_shop.conversation()
    made = await live_shop.offer(conversation_id)
    watchers = [
        await Watcher.enter(person, conversation_id) for person in (live_shop.customer, live_shop.agent)
    ]
    trays = [await Tray.fetch(watcher.person.rest) for watcher in watchers]
    deployment.shell(LET_LAPSE.format(offer=made["id"]))
    deployment.command("expire_lapsed")
    assert (await live_shop.agent.rest.get(f"/offers/{made['id']}"))["status"] == "expired"
    for watcher, tray in zip(watchers, trays, strict=True):
        if deployment.flavour == "services":
            message = (await watcher.client.expect("new_message"))["message"]
            assert message["content"].startswith("Offer expired: Blue touring bike")
            await watcher.client.expect(
                "notification", lambda data: "expired" in data["notification"]["title"]
            )
            await watcher.converges()
            tray.apply_all(watcher.client.events)
        else:  # without Redis a command reaches no live socket
            await tray.sync(watcher.client)
        assert tray.rows == (await Tray.fetch(watcher.person.rest)).rows


async def test_many_answers_at_once_have_one_outcome(live_shop: LiveShop) -> None:
    conversation_id = await live_shop.conversation()
    made = await live_shop.offer(conversation_id)
    path = f"/offers/{made['id']}"
    devices = [live_shop.customer.rest_on(server) for server in (0, 1, 2)]
    calls = [device.post(f"{path}/{verb}") for device in devices for verb in ("accept", "decline")]
    calls.append(live_shop.owner.rest.post(f"{path}/withdraw"))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    done = {outcome["status"] for outcome in outcomes if isinstance(outcome, dict)}
    refused = {(error.status, error.code) for error in outcomes if isinstance(error, ApiError)}
    assert len(done) == 1
    assert refused == {(409, "conflict")}
    assert len([o for o in outcomes if isinstance(o, (dict, ApiError))]) == len(calls)
    messages = await live_shop.agent.rest.get(f"/chat/conversations/{conversation_id}/messages")
    assert len(messages["results"]) == 2
    assert (await live_shop.owner.rest.get(path))["status"] in done


async def test_offers_while_people_talk_lock_nobody_out(live_shop: LiveShop) -> None:
    conversation_id = await live_shop.conversation()
    customer = await live_shop.customer.live()
    await customer.join(conversation_id)
    sends = [
        customer.begin("send_message", {"conversationId": conversation_id, "content": f"m {number}"})
        for number in range(60)
    ]
    made = await asyncio.gather(
        *(live_shop.offer(conversation_id, title=f"offer {number}") for number in range(8))
    )
    await asyncio.gather(*sends)
    await asyncio.gather(
        *(live_shop.customer.rest.post(f"/offers/{offer['id']}/accept") for offer in made),
        *(live_shop.customer.send(conversation_id, f"more {number}") for number in range(10)),
    )

    async def all_there() -> bool:
        head = await live_shop.customer.rest.get(f"/chat/conversations/{conversation_id}")
        return bool(head["lastSeq"] == 60 + 8 + 8 + 10)

    await eventually(all_there, "every message and line of an offer")
    assert len((await Tray.fetch(live_shop.agent.rest)).rows) == 8
