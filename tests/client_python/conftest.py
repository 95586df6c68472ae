"""Clients of the cast. Each is closed at the end of the test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from business_chat_client import ChatClient
from tests.harness.backend import Deployment
from tests.harness.cast import Person

Connect = Callable[..., Awaitable[ChatClient]]


def addresses_from(deployment: Deployment, first: int) -> list[str]:
    """Return the addresses of all server processes, beginning with number `first`."""
    count = len(deployment.servers)
    return [deployment.server(first + number).url for number in range(count)]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """`await connect(person, deployment)` returns a client of this person.

    It tries the person's home server first.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def connected(person: Person, deployment: Deployment, **options: Any) -> ChatClient:
            urls = addresses_from(deployment, person.home)
            client = ChatClient(urls, access=person.access, trust_env=False, **options)
            return await stack.enter_async_context(client)

        yield connected
