"""A new conversation for each test, on `deployment` or on one kind of deployment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Stage
from tests.harness.databases import MigratedPostgreSQL
from tests.harness.services import PostgreSQL, ServiceMissing


def hire_newcomers(stage: Stage) -> None:
    """Create newcomers for a test that stops a server. The stopped server could create none."""
    stage.hire_newcomers()


@pytest.fixture
async def room(cast: Cast) -> Room:
    return await Room.open(cast)


@pytest.fixture
async def services_room(services_cast: Cast) -> Room:
    return await Room.open(services_cast)


# A fault test breaks its own deployment. No other test uses it.


@pytest.fixture(scope="session")
def fragile_postgres() -> Iterator[PostgreSQL]:
    try:
        with MigratedPostgreSQL() as service:
            yield service
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on PostgreSQL: {missing}")


@pytest.fixture(scope="session")
def fragile_services_stage(
    tmp_path_factory: pytest.TempPathFactory, fragile_postgres: PostgreSQL
) -> Iterator[Stage]:
    try:
        with Deployment.services(tmp_path_factory.mktemp("fragile"), fragile_postgres) as deployment:
            yield Stage.set_up(deployment)
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on PostgreSQL and Redis: {missing}")


@pytest.fixture(scope="session")
def fragile_embedded_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Deployment.embedded(tmp_path_factory.mktemp("fragile")) as deployment:
        yield Stage.set_up(deployment)


@pytest.fixture
async def fragile_services_room(services: Deployment, fragile_services_stage: Stage) -> AsyncIterator[Room]:
    async with Cast(fragile_services_stage) as people:
        yield await Room.open(people)


@pytest.fixture
async def fragile_embedded_room(embedded: Deployment, fragile_embedded_stage: Stage) -> AsyncIterator[Room]:
    async with Cast(fragile_embedded_stage) as people:
        yield await Room.open(people)
