"""A production site for attacks: DEBUG off, both servers, and a front end on another origin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest

from tests.attack.belongings import furnish_vault
from tests.conftest import flavours
from tests.conversations.conftest import hire_newcomers
from tests.conversations.rooms import Room
from tests.harness.backend import Deployment, Flavour
from tests.harness.cast import Cast, Stage
from tests.harness.rest import Json
from tests.harness.servers import ServerKind
from tests.harness.services import PostgreSQL

FRONTEND: Final = "https://shop.example"
KINDS: Final[tuple[ServerKind, ...]] = ("daphne", "uvicorn")
PRODUCTION: Final = {
    "DEBUG": "0",
    "SECURE_COOKIES": "0",  # the tests speak HTTP
    "FRONTEND_URL": FRONTEND,
    "LOG_LEVEL": "DEBUG",  # the most that anybody could read there
    # Enough for every test with its own people, and soon used up by a test that intends to.
    "USER_CHANGES_PER_SECOND": "10",
    "USER_CHANGES_BURST": "300",
}
SERVERS: Final = range(len(KINDS))


def besieged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, **environment: str
) -> Deployment:
    """Both servers on one database. Without services they share a SQLite file, and no events pass between them."""
    environment = {**PRODUCTION, **environment}
    folder = tmp_path_factory.mktemp("siege")
    flavour: Flavour = request.param
    if flavour == "services":
        postgres: PostgreSQL = request.getfixturevalue("postgres")
        return Deployment.services(folder, postgres, kinds=KINDS, **environment)
    deployment = Deployment.embedded(folder, kind=KINDS[0], **environment)
    deployment.add_server(KINDS[1])
    return deployment


@pytest.fixture(scope="session", params=flavours())
def siege(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with besieged(request, tmp_path_factory) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def siege_stage(siege: Deployment) -> Stage:
    stage = Stage.set_up(siege)
    hire_newcomers(stage)
    return stage


@pytest.fixture
async def people(siege_stage: Stage) -> AsyncIterator[Cast]:
    hire_newcomers(siege_stage)
    async with Cast(siege_stage) as cast:
        yield cast


@pytest.fixture
async def room(people: Cast) -> Room:
    return await Room.open(people)


@pytest.fixture(scope="session")
def vault(siege_stage: Stage) -> Json:
    return furnish_vault(siege_stage)
