"""A deployment as an operator runs it: DEBUG off, JSON logs, protected metrics, and both servers if there are several
processes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import flavours
from tests.conversations.conftest import hire_newcomers
from tests.conversations.rooms import Room
from tests.harness.backend import Deployment
from tests.harness.cast import Cast, Stage
from tests.harness.services import ServiceMissing
from tests.operate.reading import TOKEN

PRODUCTION = {"DEBUG": "0", "METRICS_TOKEN": TOKEN, "LOG_FORMAT": "json", "PRESENCE_GRACE": "0.5"}


@pytest.fixture(scope="session", params=flavours())
def observed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("observed")
    try:
        if request.param == "embedded":
            deployment = Deployment.embedded(folder, kind="uvicorn", **PRODUCTION)
        else:
            postgres = request.getfixturevalue("postgres")
            deployment = Deployment.services(folder, postgres, kinds=("daphne", "uvicorn"), **PRODUCTION)
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on PostgreSQL and Redis: {missing}")
    with deployment:
        yield deployment


@pytest.fixture(scope="session")
def observed_stage(observed: Deployment) -> Stage:
    return Stage.set_up(observed)


@pytest.fixture
async def room(observed_stage: Stage) -> AsyncIterator[Room]:
    """A conversation whose customer uses the first process, and olivia the second if there is one."""
    hire_newcomers(observed_stage)
    async with Cast(observed_stage) as cast:
        yield await Room.open(cast)
