"""Fixtures of the JavaScript client: its packages, and clients that run in Node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.client_js.node import NodeClient, find_node, install_packages
from tests.conftest import flavours
from tests.harness.backend import Deployment

StartClient = Callable[..., Awaitable[NodeClient]]


@pytest.fixture(scope="session")
def packages() -> None:
    find_node()
    install_packages()


@pytest.fixture
async def start_client(packages: None, tmp_path: Path) -> AsyncIterator[StartClient]:
    """`start_client(urls, token, storage="name")` starts a client in its own process. It ends with the test."""
    clients: list[NodeClient] = []

    async def start(urls: list[str], token: str, *, storage: str, **timing: int) -> NodeClient:
        client = await NodeClient.start(urls, token, tmp_path / f"{storage}.json", **timing)
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.kill()


@pytest.fixture(params=flavours())
def fragile(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """A separate deployment that the test may stop."""
    if request.param == "embedded":
        made = Deployment.embedded(tmp_path, kind="uvicorn")
    else:
        postgres = request.getfixturevalue("postgres")
        made = Deployment.services(tmp_path, postgres, kinds=["uvicorn", "daphne"])
    with made as deployment:
        yield deployment
