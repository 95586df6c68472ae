"""A user's private settings, blocks and searches, through the client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from business_chat_client import ChatError, ConversationChanged
from tests.client_python.conftest import Connect
from tests.client_python.watching import agrees, watching
from tests.harness.backend import Deployment
from tests.harness.cast import Cast
from tests.harness.rest import eventually

pytestmark = pytest.mark.fleet


async def test_devices_follow_mutes_pins_and_marks(
    cast: Cast, deployment: Deployment, connect: Connect
) -> None:
    customer = await cast.newcomer()
    phone, laptop = await connect(cast.olivia, deployment), await connect(cast.olivia, deployment)
    details = await cast.conversation(customer)
    await customer.send(details["id"], "one")
    mine, other = await phone.join(details["id"]), await laptop.join(details["id"])
    await mine.mark_read()
    pinned_before = {found.id async for found in phone.conversations(pinned=True)}
    until = datetime.now(UTC) + timedelta(hours=1)
    with watching(other) as (at_other,):
        await phone.mute(mine.id, until)
        await phone.pin(mine.id)
        marked = await phone.mark_unread(mine.id, 1)
        assert marked.unread_count == 1
        await at_other.until(ConversationChanged)

    async def has_followed() -> bool:
        return other.details.own == marked.own

    await eventually(has_followed, "the laptop follows the last change")
    assert other.details.own is not None
    assert (other.details.own.state_rev, other.details.own.muted_until) == (3, until)
    assert mine.id in (await phone.unread()).muted_until
    pinned = {found.id async for found in phone.conversations(pinned=True)}
    assert pinned - pinned_before == {mine.id}
    assert await mine.mark_read() == 0
    await agrees(other, cast.olivia.rest)
    await phone.pin(mine.id, pinned=False)


async def test_blocking_and_searching(cast: Cast, deployment: Deployment, connect: Connect) -> None:
    customer = await cast.newcomer()
    carol, olivia = await connect(customer, deployment), await connect(cast.olivia, deployment)
    mine = await carol.join((await carol.open_conversation(cast.business_id)).id)
    hello = await mine.send("Where is my zanzibar order?")
    found = [row async for row in carol.search("zanzibar")]
    assert [(row.message.id, row.highlights) for row in found] == [(hello.id, ((12, 20),))]
    block = await olivia.block_user(customer.id)
    assert (block.kind, block.user_id, block.for_business_id) == ("user", customer.id, cast.business_id)
    assert customer.id in [one.user_id async for one in olivia.blocks()]
    with pytest.raises(ChatError, match="cannot write"):
        await mine.send("Hello?")
    await olivia.unblock_user(customer.id)
    await mine.send("Hello?")
    await carol.block_business(cast.business_id)
    await carol.unblock_business(cast.business_id)


async def test_a_client_in_use_reports_it(cast: Cast, deployment: Deployment, connect: Connect) -> None:
    olivia = await connect(cast.olivia, deployment)
    assert await olivia.set_attention(active=True) == 20
    assert await olivia.set_attention(active=False) == 20
