"""A conversation of the test's own, on each flavour in turn or on one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import PASSWORD, Cast, Stage
from tests.harness.services import PostgreSQL, ServiceMissing

MAKE_CUSTOMERS = """
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from chatsite.identity.operations import open_login
password = make_password({password!r})
for name in {names!r}:
    user = User.objects.create(username=name, password=password)
    print("login", name, open_login(user_id=str(user.pk)).access)
"""


def hire_newcomers(stage: Stage) -> None:
    """Newcomers who are logged in already: a password check for each would take longer than most tests."""
    if stage.newcomers:
        return
    names = [f"customer-{secrets.token_hex(4)}" for _ in range(64)]
    code = MAKE_CUSTOMERS.format(names=names, password=PASSWORD)
    printed = stage.deployment.manage("shell", "--verbosity", "0", "-c", code)
    for line in printed.splitlines():
        if line.startswith("login "):
            _, name, access = line.split()
            stage.access[name] = access
            stage.newcomers.append(name)


@pytest.fixture
async def room(cast: Cast) -> Room:
    hire_newcomers(cast.stage)
    return await Room.open(cast)


@pytest.fixture
async def services_room(services_cast: Cast) -> Room:
    hire_newcomers(services_cast.stage)
    return await Room.open(services_cast)


# What a fault test breaks is its own: no other test runs on it.


@pytest.fixture(scope="session")
def fragile_postgres() -> Iterator[PostgreSQL]:
    try:
        with PostgreSQL() as service:
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
    hire_newcomers(fragile_services_stage)
    async with Cast(fragile_services_stage) as people:
        yield await Room.open(people)


@pytest.fixture
async def fragile_embedded_room(embedded: Deployment, fragile_embedded_stage: Stage) -> AsyncIterator[Room]:
    hire_newcomers(fragile_embedded_stage)
    async with Cast(fragile_embedded_stage) as people:
        yield await Room.open(people)
