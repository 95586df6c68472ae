"""Colleagues see which member views a conversation. Customers never do, and it ends with the socket."""

from __future__ import annotations

import pytest

from tests.harness.cast import Cast
from tests.harness.rest import ApiError


async def test_a_colleague_hears_of_it_and_of_its_end(cast: Cast) -> None:
    customer = await cast.newcomer()
    key = (await cast.conversation(customer))["id"]
    amir, olivia, asking = await cast.amir.live(), await cast.olivia.live(), await customer.live()
    await olivia.call("heartbeat", {})  # the answer comes after the socket is subscribed
    await asking.call("heartbeat", {})
    assert await amir.call("look", {"conversationId": key}) == {"conversationId": key, "answering": False}
    told = await olivia.expect("colleague_looking", lambda view: view["conversationId"] == key)
    assert (told["userId"], told["name"], told["answering"]) == (cast.amir.id, "Amir Nasser", False)
    assert told["businessId"] == cast.business_id
    await amir.call("look", {"conversationId": key, "answering": True})
    await olivia.expect("colleague_looking", lambda view: view["answering"])
    await amir.close()
    ended = await olivia.expect("colleague_looking", lambda view: view["conversationId"] is None)
    assert ended["viewId"] == told["viewId"]
    await asking.nothing("colleague_looking", within=0)


async def test_another_view_ends_the_first(cast: Cast) -> None:
    one = (await cast.conversation(await cast.newcomer()))["id"]
    two = (await cast.conversation(await cast.newcomer()))["id"]
    amir, olivia = await cast.amir.live(), await cast.olivia.live()
    await olivia.call("heartbeat", {})
    for key in (one, two, None):
        await amir.call("look", {"conversationId": key})
    seen = [
        await olivia.expect("colleague_looking", lambda view: view["userId"] == cast.amir.id)
        for _ in range(4)
    ]
    assert [view["conversationId"] for view in seen] == [one, None, two, None]


async def test_a_later_client_asks_its_colleagues(cast: Cast) -> None:
    key = (await cast.conversation(await cast.newcomer()))["id"]
    amir = await cast.amir.live()
    await amir.call("look", {"conversationId": key})
    olivia = await cast.olivia.live()
    await olivia.nothing("colleague_looking", predicate=lambda view: view["conversationId"] == key)
    await olivia.call("look", {})
    await olivia.expect("colleague_looking", lambda view: view["conversationId"] == key)


async def test_customers_and_strangers_may_not(cast: Cast) -> None:
    customer = await cast.newcomer()
    key = (await cast.conversation(customer))["id"]
    for person, code in ((customer, "forbidden"), (cast.outsider, "not_found")):
        live = await person.live()
        with pytest.raises(ApiError) as refused:
            await live.call("look", {"conversationId": key})
        assert refused.value.code == code
