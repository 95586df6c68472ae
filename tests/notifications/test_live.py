"""Notifications on real servers: on every device, across processes, and the same after a reconnect."""

from __future__ import annotations

import pytest

from tests.harness.client import LiveClient
from tests.harness.rest import ApiError, Json
from tests.notifications.shop import LiveShop, Tray


async def heard(client: LiveClient, **wanted: str) -> Json:
    """Return the next `notification` whose data has these values."""
    return await client.expect(
        "notification", lambda data: wanted.items() <= data["notification"]["data"].items()
    )


async def test_both_devices_on_two_processes_hear_of_it(live_shop: LiveShop) -> None:
    newcomer = live_shop.newcomer
    phone, laptop = await newcomer.live(0), await newcomer.live(1)
    made = await live_shop.invite(newcomer)
    for device in (phone, laptop):
        event = await heard(device, invitationId=made["id"], status="pending")
        assert event["unreadCount"] == 1
        assert event["notification"] == (await newcomer.rest.get("/notifications"))["results"][0]


async def test_reading_and_deleting_on_one_device_shows_on_the_other(live_shop: LiveShop) -> None:
    customer = live_shop.customer
    conversation_id = await live_shop.conversation()
    phone, laptop = await customer.live(0), await customer.live(2)
    trays = [await Tray.fetch(customer.rest), await Tray.fetch(customer.rest)]
    for number in range(4):
        await live_shop.offer(conversation_id, title=f"offer {number}")
    rows = (await customer.rest.get("/notifications"))["results"]
    await customer.rest.patch(f"/notifications/{rows[0]['id']}/read")
    await customer.rest_on(1).patch("/notifications/read-all", {})
    await customer.rest.delete(f"/notifications/{rows[1]['id']}")
    fresh = await Tray.fetch(customer.rest)
    for device, tray in zip((phone, laptop), trays, strict=True):
        last = await device.expect("notification", lambda data: data.get("deleted", False))
        assert last["unreadCount"] == 0
        tray.apply_all(device.events)
        assert tray.rows == fresh.rows
        revs = [frame.data["rev"] for frame in device.events if frame.event == "notification"]
        assert revs == list(range(1, len(revs) + 1))  # in order and without a gap, across processes


async def test_nobody_else_hears(live_shop: LiveShop) -> None:
    others = [
        await person.live() for person in (live_shop.agent, live_shop.customer, live_shop.cast.outsider)
    ]
    device = await live_shop.newcomer.live()
    await live_shop.invite(live_shop.newcomer)
    await device.expect("notification")
    for other in others:
        await other.nothing("notification")


async def test_an_accepted_invitation_opens_the_conversations_to_open_sockets(live_shop: LiveShop) -> None:
    newcomer = live_shop.newcomer
    conversation_id = await live_shop.conversation()
    device, owner = await newcomer.live(2), await live_shop.owner.live()
    with pytest.raises(ApiError, match="not_found"):
        await device.join(conversation_id)
    made = await live_shop.invite(newcomer)
    notice = (await heard(device, invitationId=made["id"]))["notification"]
    answered = await newcomer.rest.post(f"{notice['actionUrl']}/accept")
    assert answered["status"] == "accepted"
    await device.join(conversation_id)
    await live_shop.customer.send(conversation_id, "Hello, team")
    message = (await device.expect("new_message"))["message"]
    assert message["content"] == "Hello, team"
    await device.expect("conversation_updated", lambda data: data["conversationId"] == conversation_id)
    assert (await heard(owner, status="accepted"))["notification"]["data"]["invitationId"] == made["id"]


async def test_sync_brings_the_missed_changes(live_shop: LiveShop) -> None:
    customer = live_shop.customer
    conversation_id = await live_shop.conversation()
    for number in range(4):
        await live_shop.offer(conversation_id, title=f"offer {number}")
    first = await customer.live()
    tray = Tray()
    await tray.sync(first)
    assert (len(tray.rows), tray.unread()) == (4, 4)
    await first.close()

    keys = list(tray.rows)
    await customer.rest.patch(f"/notifications/{keys[0]}/read")
    await customer.rest.delete(f"/notifications/{keys[1]}")
    for number in range(3):
        await live_shop.offer(conversation_id, title=f"while away {number}")

    by_id = Tray(dict(tray.rows))
    back = await customer.live(1)
    answer = await tray.sync(back)
    assert (len(answer["notifications"]), answer["notificationsDeleted"]) == (4, [keys[1]])
    fresh = await Tray.fetch(customer.rest)
    assert tray.rows == fresh.rows
    assert answer["notificationsUnread"] == await customer.rest.get("/notifications/unread-count")
    await by_id.sync(back, keys[-1])  # a client that only knows the id of its newest
    assert by_id.rows == fresh.rows
    assert (await tray.sync(back))["notifications"] == []


async def test_a_client_goes_on_from_events_to_sync(live_shop: LiveShop) -> None:
    newcomer = live_shop.newcomer
    device = await newcomer.live()
    tray = Tray()
    await tray.sync(device)
    made = await live_shop.invite(newcomer)
    await heard(device, invitationId=made["id"])
    tray.apply_all(device.events)
    await device.close()
    await live_shop.owner.rest.post(f"/team/invitations/{made['id']}/revoke")
    await tray.sync(await newcomer.live(2))
    assert tray.rows == (await Tray.fetch(newcomer.rest)).rows
    assert [row["data"]["status"] for row in tray.rows.values()] == ["pending", "revoked"]


async def test_a_project_tells_from_a_command(live_shop: LiveShop) -> None:
    """With Redis, a notification from outside the servers reaches live sockets too."""
    device = await live_shop.newcomer.live(1)
    live_shop.notify(live_shop.newcomer, 1, "from a command")
    if live_shop.cast.stage.deployment.flavour == "services":
        assert (await device.expect("notification"))["notification"]["title"] == "from a command 0"
    else:
        answer = await Tray().sync(device)
        assert answer["notifications"][0]["title"] == "from a command 0"
