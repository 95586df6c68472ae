"""`chat_doctor` on healthy services and on broken ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_client
from django.db.models import F
from django_tasks_db.models import DBTaskResult
from psycopg import sql
from pytest_django import Settings

from chatsite.background.jobs import enqueue
from chatsite.doctor import broker, database, jobs, site
from chatsite.doctor.findings import Finding, guarded
from tests.background import examples
from tests.harness.backend import base_environment
from tests.harness.patience import patience
from tests.harness.services import PostgreSQL, Redis, free_port

ROOT = Path(__file__).parents[2]


def levels(findings: Iterable[Finding]) -> dict[str, str]:
    return {finding.check: finding.level for finding in findings}


def doctor(*options: str, **environment: str) -> tuple[int, Any]:
    """Run the command. Return its exit code and its JSON document."""
    run = subprocess.run(
        [sys.executable, "manage.py", "chat_doctor", "--json", *options],
        cwd=ROOT,
        env={**base_environment(), "DEBUG": "0", **environment},
        capture_output=True,
        text=True,
        timeout=patience(60),
    )
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


@pytest.fixture
def fresh(postgres: PostgreSQL) -> Iterator[str]:
    """A database without tables whose commits do not wait for the disk."""
    name = "doctor_database"
    url = postgres.create_database(name)
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        off = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name))
        connection.execute(off)
    yield url
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_everything_broken_is_named_at_once(fresh: str, redis: Redis) -> None:
    with redis_client.Redis.from_url(redis.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("client-output-buffer-limit", "pubsub 1048576 1048576 60")
    code, found = doctor(
        "--processes", "40", DATABASE_URL=fresh, REDIS_URL=redis.url, SECRET_KEY="a" * 40, PRESENCE_TTL="soon"
    )
    said = {finding["check"]: finding for finding in found["findings"]}
    broken = {
        "settings.environment": "fail",  # PRESENCE_TTL
        "settings.secrets": "fail",
        "settings.debug": "ok",
        "database.reachable": "ok",
        "database.migrations": "fail",
        "database.synchronous_commit": "fail",
        "database.fsync": "fail",  # the private PostgreSQL of the tests has no TLS
        "database.connections": "fail",  # 40 × 16 of 297
        "database.clock": "ok",
        "redis.reachable": "ok",
        "redis.eviction": "warn",
        "redis.buffers": "warn",
        "redis.clock": "ok",
    }
    assert {check: said[check]["level"] for check in broken} == broken
    assert said["layer.round_trip"]["level"] in {"ok", "warn"}  # it works, and is slow on a slow machine
    assert said["database.migrations"]["text"].startswith("Not applied: ")
    assert said["database.migrations"]["advice"] == "Run: manage.py migrate"
    assert all(finding["advice"] for finding in found["findings"] if finding["level"] != "ok")
    assert code == 1
    assert found["summary"] == {
        level: sum(finding["level"] == level for finding in found["findings"])
        for level in ("ok", "warn", "fail")
    }


def test_nothing_can_be_reached() -> None:
    nowhere = free_port()
    code, found = doctor(
        DATABASE_URL=f"postgresql://nobody@127.0.0.1:{nowhere}/none",
        REDIS_URL=f"redis://127.0.0.1:{nowhere}/0",
    )
    said = levels(Finding(**finding) for finding in found["findings"])
    assert (said["database.reachable"], said["redis.reachable"], code) == ("fail", "fail", 1)
    (reason,) = [finding["text"] for finding in found["findings"] if finding["check"] == "database.reachable"]
    assert "refused" in reason
    assert "layer.round_trip" not in said


def test_lines_for_people_and_strictness(tmp_path: Path) -> None:
    environment = {**base_environment(), "DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}"}
    command = [sys.executable, "manage.py", "chat_doctor", "--no-color"]
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=patience(60)
    )
    assert run.returncode == 1
    assert "fail  settings.debug" in run.stdout
    assert "→ Run: manage.py migrate" in run.stdout
    assert "failed" in run.stderr


# --- Redis, in this process -------------------------------------------------------------------------------------------


def use(settings: Settings, url: str) -> None:
    settings.REDIS_URL = url
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chatsite.realtime.redis.layer.RedisLayer",
            "CONFIG": {"hosts": [url], "prefix": "doctor-test"},
        }
    }


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept slow round trips, because the machine may be busy."""
    monkeypatch.setattr(broker, "SLOW_SECONDS", broker.ROUND_TRIP_SECONDS)


def test_a_slow_redis(settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "SLOW_SECONDS", 0.0)
    use(settings, redis.url)
    assert levels(broker.examine())["layer.round_trip"] == "warn"


@pytest.mark.usefixtures("unhurried")
def test_a_healthy_redis(settings: Settings, redis: Redis) -> None:
    use(settings, redis.url)
    found = levels(broker.examine())
    assert set(found.values()) == {"ok"}, found
    assert {"redis.reachable", "redis.eviction", "redis.buffers", "layer.round_trip"} <= found.keys()


def test_a_redis_that_allows_publish_but_not_subscribe(
    settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "ROUND_TRIP_SECONDS", 1.0)
    with redis_client.Redis.from_url(redis.url) as client:
        client.execute_command(
            "ACL", "SETUSER", "deaf", "on", ">pw", "~*", "&*", "+@all", "-subscribe", "-config"
        )
    use(settings, redis.url.replace("redis://", "redis://deaf:pw@"))
    found = levels(broker.examine())
    assert found["layer.round_trip"] == "fail"
    assert found["redis.configuration"] == "warn"


def test_a_full_redis(settings: Settings, redis: Redis) -> None:
    use(settings, redis.url)
    with redis_client.Redis.from_url(redis.url) as client:
        client.config_set("maxmemory", int(client.info("memory")["used_memory"] * 1.05))
    assert levels(broker.examine())["redis.memory"] == "warn"


@pytest.mark.usefixtures("unhurried")
def test_a_site_without_redis(settings: Settings) -> None:
    settings.REDIS_URL = ""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert levels(broker.examine()) == {"redis.reachable": "ok", "layer.round_trip": "ok"}


# --- Settings and clocks ----------------------------------------------------------------------------------------------


def test_settings(settings: Settings, tmp_path: Path) -> None:
    settings.DEBUG = False
    settings.SECRET_KEY = settings.JWT_SECRET = os.urandom(24).hex()
    settings.ALLOWED_HOSTS = ["*"]
    settings.FRONTEND_ORIGINS = ["http://shop.example"]
    settings.SESSION_COOKIE_SECURE = False
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 0}
    settings.STATIC_ROOT = tmp_path
    found = levels(site.examine())
    warned = ("secrets", "hosts", "origins", "cookies", "proxy")
    assert [found[f"settings.{name}"] for name in warned] == ["warn"] * len(warned)
    assert found["settings.static"] == "fail"
    (tmp_path / "admin" / "css").mkdir(parents=True)
    (tmp_path / site.KNOWN_FILE).touch()
    settings.JWT_SECRET = os.urandom(24).hex()
    settings.ALLOWED_HOSTS = ["chat.example"]
    found = levels(site.examine())
    assert [found[f"settings.{name}"] for name in ("static", "secrets", "hosts")] == ["ok"] * 3


@pytest.mark.parametrize(("skew", "level"), [(0.2, "ok"), (-3, "warn"), (30, "fail")])
def test_clocks_that_differ(skew: float, level: str) -> None:
    finding = database.skew_finding("x", skew, "its")
    assert finding.level == level
    assert ("ahead" in finding.text) == (skew > 0)


def test_a_check_that_fails_itself_is_a_finding() -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("one", "ok", "fine")
        raise ValueError("first line\nsecond line")

    found = list(guarded("name", broken))
    assert [finding.level for finding in found] == ["ok", "fail"]
    assert found[1].text == "The check failed: ValueError: first line"


@pytest.mark.django_db
def test_it_names_the_queues_that_no_worker_serves() -> None:
    assert levels(jobs.examine()) == {"jobs.queues": "ok"}
    enqueue(examples.note, "late")
    enqueue(examples.note, "later", delay=timedelta(hours=1))
    assert levels(jobs.examine()) == {"jobs.queues": "ok"}
    DBTaskResult.objects.update(run_after=F("run_after") - timedelta(minutes=20))
    [finding] = jobs.examine()
    assert (finding.level, finding.text[-9:]) == ("warn", " default.")
