"""Settings come from the environment. A bad value is refused with the setting's name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatsite.config.env import Environment
from tests.harness.patience import patience

pytestmark = pytest.mark.standalone

ROOT = Path(__file__).parents[2]
GOOD = {
    "SECRET_KEY": "s" * 40,
    "JWT_SECRET": "j" * 40,
    "ALLOWED_HOSTS": "chat.example",
    "FRONTEND_URL": "https://shop.example",
}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=patience(120),
    )


def test_a_good_environment_passes() -> None:
    check = run("manage.py", "check", **GOOD)
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET", "ALLOWED_HOSTS"])
def test_required_settings_without_debug(name: str) -> None:
    check = run("manage.py", "check", **{key: value for key, value in GOOD.items() if key != name})
    assert check.returncode == 1
    assert "chatsite.E001" in check.stderr
    assert f"{name} is not set" in check.stderr


def test_every_bad_value_is_named_at_once() -> None:
    bad = {
        "SECRET_KEY": "short",
        "DATABASE_URL": "mysql://x/y",
        "REDIS_URL": "http://x",
        "FRONTEND_URL": "shop.example",
        "ACCESS_TOKEN_MINUTES": "soon",
        "PRESENCE_TTL": "-1",
        "DATABASE_POOL_SIZE": "many",
        "DEBUG": "perhaps",
        "METRICS_NETWORKS": "10.0.0.0/8, everywhere",
        "LOG_FORMAT": "xml",
        "LOG_LEVEL": "loud",
    }
    check = run("manage.py", "check", **{**GOOD, **bad})
    assert check.returncode == 1
    named = [line for line in check.stderr.splitlines() if "chatsite.E001" in line]
    for name in bad:
        assert any(name in line for line in named), f"{name} is not named in {named}"
    assert len(named) == len(bad)


def test_a_server_does_not_start_on_a_bad_environment() -> None:
    server = run("-c", "import chatsite.asgi", JWT_SECRET="j" * 40, ALLOWED_HOSTS="chat.example")
    assert server.returncode != 0
    assert "chatsite.E001" in server.stderr
    assert "SECRET_KEY is not set" in server.stderr
    assert run("-c", "import chatsite.asgi", **GOOD).returncode == 0


def test_debug_needs_nothing() -> None:
    assert run("manage.py", "check", DEBUG="1").returncode == 0


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("off", False), ("", False), ("2", None)],
)
def test_booleans(raw: str, expected: bool | None) -> None:
    env = Environment({"X": raw})
    assert env.boolean("X") is bool(expected)
    assert bool(env.problems) is (expected is None)


@pytest.mark.parametrize(
    ("raw", "good"),
    [
        ("https://a.example", True),
        ("https://a.example/, http://b.example:8080", True),
        ("https://a.example/path", False),
        ("a.example", False),
        ("null", False),
        ("*", False),
        ("ws://a.example", False),
    ],
)
def test_origins(raw: str, good: bool) -> None:
    env = Environment({"X": raw})
    found = env.origins("X")
    assert bool(env.problems) is not good
    assert bool(found) is good


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"REDIS_URL": "redis://h:1/2"}, "redis://h:1/2"),
        ({"REDIS_HOST": "h"}, "redis://h:6379/0"),
        ({"REDIS_HOST": "h", "REDIS_PORT": "7", "REDIS_PASSWORD": "p@ss/1"}, "redis://:p%40ss%2F1@h:7/0"),
        ({}, ""),
    ],
)
def test_redis_by_url_or_by_parts(values: dict[str, str], expected: str) -> None:
    env = Environment(values)
    assert env.redis("REDIS_URL") == expected
    assert not env.problems


@pytest.mark.parametrize("raw", ["nan", "inf", "-1", "x", "1e999"])
def test_numbers(raw: str) -> None:
    env = Environment({"X": raw})
    assert env.number("X", 5) == 5
    assert [problem.variable for problem in env.problems] == ["X"]


def test_a_secret_of_production_has_a_length() -> None:
    env = Environment({"X": "short"})
    env.secret("X", debug=False, stand_in="")
    assert "at least 32" in env.problems[0].text


@pytest.mark.parametrize(
    ("raw", "good"),
    [
        ("chat.example", True),
        (".example.org,chat.example", True),
        ("*", False),
        (".com", False),
        ("chat.example,.co.uk", False),
        ("*.example.org", False),
    ],
)
def test_hosts_of_a_site_in_production(raw: str, good: bool) -> None:
    env = Environment({"X": raw})
    env.hosts("X", (), debug=False)
    assert bool(env.problems) is not good
