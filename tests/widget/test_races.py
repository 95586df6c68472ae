"""Two concurrent requests on real servers: one user, one use of a token, and the login works on every transport."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from tests.browser.hosts import WidgetShop
from tests.harness.backend import Deployment
from tests.harness.client import AuthMethod, LiveClient
from tests.harness.rest import ApiError, Json, RestClient

AT_ONCE = 8


@pytest.fixture(scope="module")
def shop(deployment: Deployment) -> WidgetShop:
    return WidgetShop.make(deployment)


async def exchanged(deployment: Deployment, tokens: list[str]) -> list[Json | ApiError]:
    async def one(number: int, token: str) -> Json:
        async with RestClient(deployment.server(number).url) as rest:
            return await rest.post("/widget/sessions", {"token": token})

    answers = await asyncio.gather(
        *(one(number, token) for number, token in enumerate(tokens)), return_exceptions=True
    )
    assert all(isinstance(answer, dict | ApiError) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, dict | ApiError)]


async def test_a_first_sight_of_many_makes_one_user(deployment: Deployment, shop: WidgetShop) -> None:
    subject = secrets.token_hex(4)
    answers = await exchanged(deployment, [shop.sign(subject, "Ada") for _ in range(AT_ONCE)])
    sessions = [answer for answer in answers if isinstance(answer, dict)]
    assert len(sessions) == AT_ONCE, answers
    assert len({session["user"]["id"] for session in sessions}) == 1
    assert len({session["conversation"]["id"] for session in sessions}) == 1


async def test_one_token_of_many_at_once_works_once(deployment: Deployment, shop: WidgetShop) -> None:
    answers = await exchanged(deployment, [shop.sign(secrets.token_hex(4), "Ada")] * AT_ONCE)
    refusals = [answer for answer in answers if isinstance(answer, ApiError)]
    assert len(refusals) == AT_ONCE - 1
    assert {refusal.code for refusal in refusals} == {"unauthenticated"}


@pytest.mark.parametrize("auth", ["header", "ticket", "frame"])
async def test_the_login_opens_a_socket(deployment: Deployment, shop: WidgetShop, auth: AuthMethod) -> None:
    (session,) = await exchanged(deployment, [shop.sign(secrets.token_hex(4), "Ada")])
    assert isinstance(session, dict)
    conversation_id = session["conversation"]["id"]
    async with await LiveClient.open(deployment.server(1).live_url, session["access"], auth=auth) as live:
        await live.join(conversation_id)
        answer = await live.call("send_message", {"conversationId": conversation_id, "content": "Hello"})
        assert answer["message"]["senderSide"] == "customer"
