"""The ways to authenticate a native WebSocket."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.harness.client import AuthMethod, LiveClient
from tests.harness.patience import patience
from tests.harness.rest import ApiError
from tests.realtime.logins import Login

AUTH_METHODS: tuple[AuthMethod, ...] = ("header", "ticket", "frame")
SECONDS = 5  # ways to authenticate


@pytest.mark.parametrize("auth", AUTH_METHODS)
async def test_each_way_to_authenticate_works(login: Login, auth: AuthMethod) -> None:
    async with await login.live(auth=auth) as client:
        assert (await client.call("heartbeat"))["conversations"] == {}


async def test_the_first_frame_answers_the_user_id(login: Login) -> None:
    async with await login.live(auth="none") as client:
        assert await client.call("authenticate", {"token": login.access}) == {"userId": login.user_id}


async def test_a_ticket_works_once(login: Login) -> None:
    async with login.rest() as rest:
        ticket = (await rest.post("/auth/ws-ticket"))["ticket"]
    url = f"{login.deployment.server(1).live_url}?ticket={ticket}"
    async with await LiveClient.open(url, auth="none") as client:
        await client.call("heartbeat")
    async with await LiveClient.open(url, auth="none") as again:
        assert (await again.expect("error"))["code"] == "unauthenticated"
        assert await again.closed() == 4401


async def test_a_cookie_works_only_on_the_sites_own_pages(login: Login) -> None:
    server = login.deployment.server(0)
    async with await login.by_cookie(Origin=server.url) as client:
        await client.call("heartbeat")
    async with await login.by_cookie() as unknown_page:  # the origin of the page is unknown
        with pytest.raises(ApiError) as refusal:
            await unknown_page.call("heartbeat")
        assert refusal.value.code == "unauthenticated"


async def test_a_cookie_of_another_user_than_the_page_names_is_refused(login: Login) -> None:
    server = login.deployment.server(0)
    headers = {"Cookie": f"sessionid={login.session_key}", "Origin": server.url}
    own = f"{server.live_url}?user={login.user_id}"
    async with await LiveClient.open(own, auth="none", headers=headers) as client:
        await client.call("heartbeat")
    others = f"{server.live_url}?user={login.user_id}0"
    async with await LiveClient.open(others, auth="none", headers=headers) as client:
        assert (await client.expect("error"))["code"] == "unauthenticated"
        assert await client.closed() == 4401


async def test_an_unknown_cookie_leaves_the_other_ways_open(login: Login) -> None:
    server = login.deployment.server(0)
    headers = {"Cookie": "sessionid=nonsense", "Origin": server.url}
    async with await LiveClient.open(server.live_url, auth="none", headers=headers) as client:
        with pytest.raises(ApiError) as refusal:
            await client.call("heartbeat")
        assert refusal.value.code == "unauthenticated"
        await client.call("authenticate", {"token": login.access})


async def test_a_silent_socket_is_closed(login: Login) -> None:
    began = time.monotonic()
    silent, talks, late = await asyncio.gather(*(login.live(auth="none") for _ in range(3)))
    with pytest.raises(ApiError) as refusal:
        await talks.call("heartbeat")
    assert refusal.value.code == "unauthenticated"
    await asyncio.sleep(2)
    await late.call("authenticate", {"token": login.access})
    assert [await client.closed() for client in (silent, talks)] == [4401, 4401]
    assert SECONDS <= time.monotonic() - began < patience(SECONDS + 3)
    await late.call("heartbeat")
    for client in (silent, talks, late):
        await client.close()


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é" * 10])
async def test_a_bad_token_in_the_handshake(login: Login, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    async with await LiveClient.open(
        login.deployment.server(0).live_url, auth="none", headers=headers
    ) as client:
        assert (await client.expect("error"))["code"] == "unauthenticated"
        assert await client.closed() == 4401


async def test_a_refresh_token_and_an_expired_one_are_no_keys(login: Login) -> None:
    for token in (login.refresh, login.short_token(-10), login.token(user_id="999999999")):
        async with await login.live(token=token) as client:
            assert (await client.expect("error"))["code"] == "unauthenticated"
            assert await client.closed() == 4401


async def test_a_bad_token_in_a_frame_leaves_time_for_a_good_one(login: Login) -> None:
    async with await login.live(auth="none") as client:
        for bad in ("nonsense", "\x00", login.refresh):
            with pytest.raises(ApiError) as refusal:
                await client.call("authenticate", {"token": bad})
            assert refusal.value.code == "unauthenticated"
        await client.call("authenticate", {"token": login.access})
        await client.call("heartbeat")


async def test_a_socket_keeps_its_user(login: Login, logins: tuple[Login, Login]) -> None:
    async with await login.live() as client:
        with pytest.raises(ApiError) as refusal:
            await client.call("authenticate", {"token": logins[0].access})
        assert refusal.value.code == "invalid"
        await client.call("heartbeat")


async def test_a_path_that_is_not_ours(login: Login) -> None:
    url = login.deployment.server(0).live_url + "/elsewhere"
    with pytest.raises(Exception, match=r"403|rejected"):
        await LiveClient.open(url, login.access)
