"""Live sockets whose rights have ended close within five seconds, on every process."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.client import LiveClient
from tests.harness.rest import ApiError
from tests.realtime.logins import Login

SECONDS = 5
SERVERS = range(3)
LASTS = 8  # a token; time enough for two sockets to open with it

DEACTIVATE = """
from chatsite.identity.operations import deactivate_user
deactivate_user(user_id={user!r})
"""
BY_HAND = """
from django.contrib.auth.models import User
User.objects.filter(pk={user}).update(is_active=False)
"""


async def close_codes(clients: list[LiveClient]) -> list[int | None]:
    return await asyncio.gather(*(client.closed(timeout=SECONDS) for client in clients))


async def everywhere(login: Login) -> list[LiveClient]:
    return [await login.live(server) for server in SERVERS]


async def test_a_logout_ends_only_its_own_login(logins: tuple[Login, Login]) -> None:
    mine, other = [await everywhere(login) for login in logins]
    async with logins[0].rest() as rest:
        await rest.request("POST", "/auth/logout", {"refresh": logins[0].refresh})
        assert await close_codes(mine) == [4401] * 3
        with pytest.raises(ApiError) as refusal:
            await rest.get("/chat/unread-count")
        assert (refusal.value.status, refusal.value.code) == (401, "unauthenticated")
    for client in other:
        await client.call("heartbeat")
        await client.close()
    async with await logins[0].live() as again:
        assert await again.closed() == 4401


@pytest.mark.parametrize("code", [DEACTIVATE, BY_HAND], ids=["by the operation", "by hand"])
async def test_a_deactivated_user_is_out(logins: tuple[Login, Login], code: str) -> None:
    login = logins[0]
    clients = await everywhere(login)
    clients.append(await login.by_cookie(Origin=login.deployment.server(0).url))
    login.deployment.shell(code.format(user=login.user_id))
    assert await close_codes(clients) == [4401] * 4
    async with await login.live() as again:
        assert (await again.expect("error"))["code"] == "unauthenticated"
        assert await again.closed() == 4401


async def test_an_access_token_that_ends(login: Login) -> None:
    """A socket is warned before its token expires. A new token on the same socket keeps it open."""
    token = login.short_token(LASTS)
    lets_it_end, renews = await login.live(token=token), await login.live(token=token)
    for client in (lets_it_end, renews):
        warning = await client.expect("session_expiring")
        assert warning["expiresAt"].endswith("Z")
    await renews.call("authenticate", {"token": login.access})
    assert await lets_it_end.closed(timeout=LASTS + SECONDS) == 4401
    await asyncio.sleep(2)
    await renews.call("heartbeat")
    await renews.nothing("session_expiring", within=0)
    await renews.close()


async def test_a_token_with_time_left_brings_no_warning(login: Login) -> None:
    async with await login.live(token=login.short_token(120)) as client:
        await client.nothing("session_expiring", within=3)
