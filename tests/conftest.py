"""Fixtures of the whole suite: deployments with and without services, and the cast on each.

CI runs the suite in two passes. In the first one, without DATABASE_URL and REDIS_URL in the environment, black-box
tests run against `embedded`; in the second one, with them, against `services`. Elsewhere one run does both passes, and
runs each black-box test once: against `services` if PostgreSQL and Redis are installed, otherwise against `embedded`.

In-process tests use the settings of the environment, and so run in both passes. Exceptions run in one pass:
`standalone` tests, which use neither the database nor Redis, and long `one_database` tests run in the first; `shown`
tests, about what a browser shows, `fleet` tests, about both kinds of server and their clients, and the folders of
`OF_PLAIN_QUERIES` run in the second.
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.cache import cache
from django.db import connection

from chatsite.config.broker import cache_settings, channel_layer_settings
from tests.browser.bundles import bundled_environment
from tests.harness.backend import FLEET, Deployment, Flavour
from tests.harness.cast import Cast, Stage
from tests.harness.databases import TEMPLATE, MigratedPostgreSQL, fill_memory
from tests.harness.flush import flush_quickly
from tests.harness.services import PostgreSQL, Redis, ServiceMissing, are_services_installed

TESTS = Path(__file__).parent

pytest_plugins = ["tests.harness.verdict", "tests.schedule"]


def pytest_configure(config: pytest.Config) -> None:
    # In this process jobs run only where a test runs them, not on a thread of their own.
    settings.BACKGROUND_WORKER = "separate"
    PBKDF2PasswordHasher.iterations = 1000  # a real password takes longer than most tests
    if settings.REDIS_URL:
        _take_own_redis_database(os.environ.get("PYTEST_XDIST_WORKER", "gw0"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector away from modules and tests, which all stay. It took a sixth of the processor time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 5, 5)
        gc.enable()


def _take_own_redis_database(process: str) -> None:
    """Give each process its own Redis database, because tests clear the cache.

    `tests/schedule.py` limits the processes to 16.
    """
    url = urlsplit(settings.REDIS_URL)._replace(path=f"/{process.removeprefix('gw')}").geturl()
    os.environ["REDIS_URL"] = settings.REDIS_URL = url
    settings.CACHES = cache_settings(url, settings.REDIS_PREFIX)
    settings.CHANNEL_LAYERS = channel_layer_settings(url, settings.REDIS_PREFIX)


def passes() -> set[Flavour]:
    """Return the passes that this run does."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return {"services"}
    return {"embedded"} if os.environ.get("CI") == "true" else {"embedded", "services"}


def flavours() -> tuple[Flavour, ...]:
    """Return the kinds of deployment for the tests that may run against either."""
    wanted = passes()
    if len(wanted) == 1:
        return tuple(wanted)
    return ("services",) if are_services_installed() else ("embedded",)


# A test that names one of these belongs to that flavour's pass.
FLAVOUR_OF: dict[str, Flavour] = {
    "embedded": "embedded",
    "services": "services",
    "postgres": "services",
    "redis": "services",
}


# Rooms whose in-process tests have queries that Django writes for both databases. PostgreSQL is the stricter one.
OF_PLAIN_QUERIES = (
    "assistants",
    "attachments",
    "away",
    "blocks",
    "bots",
    "identity",
    "moderation",
    "notifications",
    "own_state",
    "reactions",
    "transfer",
    "web",
    "webhooks",
    "widget",
)


# Fixtures that follow the environment's settings: what uses one of them is not `standalone`.
OF_THE_SITE = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = passes()
    left_out = [item for item in items if not _is_wanted(item, wanted)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _is_wanted(item: pytest.Item, wanted: set[Flavour]) -> bool:
    if item.get_closest_marker("standalone"):
        names = {*getattr(item, "fixturenames", ()), *(mark.name for mark in item.iter_markers())}
        named = names & {*FLAVOUR_OF, *OF_THE_SITE, "django_db", "deployment"}
        if named - {"redis"}:  # always a private one
            raise pytest.UsageError(f"{item.nodeid} is standalone, and uses {', '.join(sorted(named))}")
        return "embedded" in wanted
    if item.get_closest_marker("sqlite_only") or item.get_closest_marker("one_database"):
        return "embedded" in wanted
    if item.get_closest_marker("shown") or item.get_closest_marker("fleet"):
        return "services" in wanted
    named = _flavours_named(item)
    if not named and item.path.relative_to(TESTS).parts[0] in OF_PLAIN_QUERIES:
        return "services" in wanted
    return named <= wanted


def _flavours_named(item: pytest.Item) -> set[Flavour]:
    names: list[str] = getattr(item, "fixturenames", [])
    return {FLAVOUR_OF[name] for name in names if name in FLAVOUR_OF}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Start on a copy of a migrated database, so that Django's own `migrate` finds nothing to do."""
    test_settings = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        test_settings["NAME"] = "file:memorydb_default?mode=memory&cache=shared"
        with closing(fill_memory(test_settings["NAME"], tmp_path_factory.mktemp("template"))):
            yield
        return
    with psycopg.connect(os.environ["DATABASE_URL"]) as service:
        named = service.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE])
        if named.fetchone():  # `tests.harness` has started this PostgreSQL
            test_settings["TEMPLATE"] = TEMPLATE
    yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    flush_quickly(connection)


@pytest.fixture(autouse=True)
def emptied_cache(request: pytest.FixtureRequest) -> None:
    """Empty the cache before a test in this process, because SQLite gives the ids of earlier users to new ones.

    Otherwise these have the limits that the earlier ones have used up.
    """
    if request.node.get_closest_marker("django_db") or not OF_THE_SITE.isdisjoint(request.fixturenames):
        cache.clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """Provide a private PostgreSQL for the session. A fault test that stops one starts its own."""
    try:
        with MigratedPostgreSQL() as service:
            yield service
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on PostgreSQL: {missing}")


@pytest.fixture
def redis() -> Iterator[Redis]:
    """Provide a private Redis for this test."""
    try:
        with Redis() as service:
            yield service
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on Redis: {missing}")


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One process on SQLite."""
    with Deployment.embedded(tmp_path_factory.mktemp("embedded")) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: PostgreSQL
) -> Iterator[Deployment]:
    """Three processes on PostgreSQL and Redis. If browsers visit them, their pages are those of production."""
    has_browsers = any(item.get_closest_marker("browser") for item in request.session.items)
    environment = bundled_environment() if has_browsers else {}
    folder = tmp_path_factory.mktemp("services")
    try:
        with Deployment.services(folder, postgres, kinds=FLEET, **environment) as deployment:
            yield deployment
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED on PostgreSQL and Redis: {missing}")


@pytest.fixture(scope="session", params=flavours())
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """A running site, of a kind that the run wants."""
    chosen: Deployment = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="session")
def stage(deployment: Deployment) -> Stage:
    return Stage.set_up(deployment)


@pytest.fixture(scope="session")
def embedded_stage(embedded: Deployment) -> Stage:
    return Stage.set_up(embedded)


@pytest.fixture(scope="session")
def services_stage(services: Deployment) -> Stage:
    return Stage.set_up(services)


@pytest.fixture
async def cast(stage: Stage) -> AsyncIterator[Cast]:
    """The cast, logged in, on `deployment`."""
    async with Cast(stage) as people:
        yield people


@pytest.fixture
async def embedded_cast(embedded_stage: Stage) -> AsyncIterator[Cast]:
    async with Cast(embedded_stage) as people:
        yield people


@pytest.fixture
async def services_cast(services_stage: Stage) -> AsyncIterator[Cast]:
    async with Cast(services_stage) as people:
        yield people
