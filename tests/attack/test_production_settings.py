"""A site that is set up as `docs/deployment.md` describes passes Django's deployment checks and sends the right
headers.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.settings.test_environment import GOOD, run

pytestmark = pytest.mark.standalone

PRODUCTION = {
    **GOOD,
    "SECRET_KEY": "kVb7-2nQz_Hs8LxTf4Wm-9pRj3Yc6Gd1AeUo5Ni0BwXt-Mv-q4Zr8Kd2",
    "TRUST_PROXY_TLS": "1",
    "TRUSTED_PROXIES": "1",
    "LOG_LEVEL": "ERROR",
}
LOOK = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
page = Client().get("/api-auth/login/", headers={"host": "chat.example", "x-forwarded-proto": "https"})
plain = Client().get("/healthz", headers={"host": "chat.example"})
print(json.dumps({
    "headers": dict(page.headers),
    "plain": dict(plain.headers),
    "cookies": {name: dict(morsel) for name, morsel in page.cookies.items()},
    "session": [settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE],
    "admin": Client().get("/staff/desk/login/", headers={"host": "chat.example"}).status_code,
    "old admin": Client().get("/admin/login/", headers={"host": "chat.example"}).status_code,
}))
"""


def test_the_deployment_checks_find_nothing() -> None:
    check = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert check.returncode == 0, check.stderr
    assert "no issues" in check.stdout


@pytest.fixture(scope="module")
def look() -> dict[str, Any]:
    environment = {"DJANGO_SETTINGS_MODULE": "chatsite.settings", "ADMIN_PATH": "/staff/desk/"}
    script = run("-c", LOOK, **PRODUCTION, **environment)
    assert script.returncode == 0, script.stderr
    seen: dict[str, Any] = json.loads(script.stdout.splitlines()[-1])
    return seen


def test_answers_over_tls_ask_for_tls_from_then_on(look: dict[str, Any]) -> None:
    assert look["headers"]["Strict-Transport-Security"] == "max-age=2592000"
    assert "Strict-Transport-Security" not in look["plain"]


def test_cookies_are_sent_only_over_tls_and_to_no_other_site(look: dict[str, Any]) -> None:
    assert look["session"] == [True, True, "Lax"]
    (cookie,) = look["cookies"].values()
    assert (cookie["secure"], cookie["samesite"]) == (True, "Lax")


def test_the_policy_names_the_secure_socket(look: dict[str, Any]) -> None:
    assert "connect-src 'self' wss://chat.example" in look["headers"]["Content-Security-Policy"]


def test_the_admin_is_where_the_environment_says(look: dict[str, Any]) -> None:
    assert (look["admin"], look["old admin"]) == (200, 404)


@pytest.mark.parametrize("path", ["a b", "../x", "admin/(?P<x>.)"])
def test_a_path_that_is_none_is_named(path: str) -> None:
    check = run("manage.py", "check", **PRODUCTION, ADMIN_PATH=path)
    assert check.returncode == 1
    assert "ADMIN_PATH" in check.stderr
