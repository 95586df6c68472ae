"""Deployments that fault tests may break. No other test uses them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conversations.conftest import hire_newcomers
from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Stage
from tests.harness.services import PostgreSQL, ServiceMissing


@pytest.fixture(scope="session")
def stopping_services(tmp_path_factory: pytest.TempPathFactory, postgres: PostgreSQL) -> Iterator[Deployment]:
    """Both servers, and a third process that keeps running. Its people have no rate limit."""
    folder = tmp_path_factory.mktemp("stopping")
    try:
        with Deployment.services(folder, postgres, USER_CHANGES_BURST="100000") as deployment:
            yield deployment
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on PostgreSQL and Redis: {missing}")


@pytest.fixture(scope="session")
def stopping_stage(stopping_services: Deployment) -> Stage:
    return Stage.set_up(stopping_services)


@pytest.fixture
async def stopping_room(stopping_stage: Stage) -> AsyncIterator[Room]:
    for server in stopping_stage.deployment.servers:  # the last test may have stopped one
        server.wait_until_up()
    hire_newcomers(stopping_stage)
    async with Cast(stopping_stage) as people:
        yield await Room.open(people)
