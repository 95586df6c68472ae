from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import redis as redis_client

from tests.harness.services import PostgreSQL, Redis, ServiceMissing, find_program


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgreSQL]:
    """Provide a separate PostgreSQL that no other test uses."""
    with PostgreSQL() as own:
        yield own


def test_a_database_survives_the_kill_of_its_server(postgres: PostgreSQL) -> None:
    url = postgres.create_database("survivor")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")

    postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    postgres.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_created_database_is_empty_each_time(postgres: PostgreSQL) -> None:
    for _ in range(2):
        with psycopg.connect(postgres.create_database("again")) as connection:
            connection.execute("CREATE TABLE only_once (id int)")


def test_commits_wait_for_the_log_as_in_production(postgres: PostgreSQL) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_a_restarted_redis_has_the_same_address_and_no_memory(redis: Redis) -> None:
    url = redis.url
    with redis_client.Redis.from_url(url) as connection:
        connection.set("key", "value")
    redis.restart()
    with redis_client.Redis.from_url(url) as connection:
        assert connection.get("key") is None


def test_a_closed_service_leaves_nothing_behind(redis: Redis) -> None:
    with Redis() as other:
        assert other.url != redis.url
    assert not other.home.exists()
    assert not other.answers()


def test_an_absent_program_is_named() -> None:
    with pytest.raises(ServiceMissing, match="no-such-server"):
        find_program("no-such-server", "usr/lib/no-such/*/bin")
