"""Every setting of the chat has a default, and a check names what a host project is missing."""

from __future__ import annotations

import re

import pytest
from django.conf import global_settings

from chatsite.config.defaults import default_settings
from tests.embedding.conftest import Shop
from tests.harness.processes import ROOT

pytestmark = pytest.mark.standalone

APPS = ("chatsite", "conversations", "notifications", "presence")
SITE_ONLY = {"chatsite/settings.py", "chatsite/urls.py"}


def test_every_setting_that_the_code_reads_has_a_default() -> None:
    known = {*dir(global_settings), *default_settings()}
    without = {
        f"{path.relative_to(ROOT)}: {name}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if str(path.relative_to(ROOT)) not in SITE_ONLY
        for name in re.findall(r"(?<![\w.])settings\.([A-Z][A-Z_]+)", path.read_text())
        if name not in known
    }
    assert without == set()


WRONG = """
MIDDLEWARE.remove("django.contrib.sessions.middleware.SessionMiddleware")
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
ROOT_URLCONF = "shop.changed"
urlpatterns = []
CHANNEL_LAYERS = {}
CHAT_NAME_FIELDS = ["nickname"]
LOGIN_URL = "/accounts/login/"
DATABASES["default"]["OPTIONS"] = {}
"""
TOLD = (
    "(chatsite.E002) MIDDLEWARE lacks django.contrib.sessions.middleware.SessionMiddleware",
    "(chatsite.E003) SESSION_ENGINE is django.contrib.sessions.backends.signed_cookies",
    "(chatsite.E004) ROOT_URLCONF does not include chatsite.chat_urls.",
    "(chatsite.E005) CHANNEL_LAYERS has no layer named default.",
    "(chatsite.E007) CHAT_NAME_FIELDS contains 'nickname', which people.Person does not have.",
    "(chatsite.W004) LOGIN_URL is '/accounts/login/', which is no address of this site.",
    "(chatsite.W001) DATABASES['default'][\"OPTIONS\"] lacks",
)


def check(shop: Shop, change: str) -> str:
    (shop.folder / "shop" / "changed.py").write_text(f"from shop.settings import *\n\n{change}\n")
    options = {"DJANGO_SETTINGS_MODULE": "shop.changed"}
    return shop.manage("check", "--tag", "chatsite", "--fail-level", "WARNING", fails=True, **options)


def test_a_check_names_what_is_missing(shop: Shop) -> None:
    said = check(shop, WRONG)
    assert [text for text in TOLD if text not in said] == [], said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('INSTALLED_APPS.remove("presence")', "needs these in INSTALLED_APPS: presence."),
        (
            'TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}',
            'TASKS["default"]["QUEUES"] lacks \'media\'.',
        ),
        ('CHAT = {"message_length": 3}', "CHAT must be an object of chatsite.config.limits.Limits."),
    ],
)
def test_a_project_that_cannot_start_says_why(shop: Shop, change: str, told: str) -> None:
    assert told in check(shop, change)


def test_a_complete_project_passes_every_check(shop: Shop) -> None:
    shop.manage("check", "--fail-level", "WARNING")
    shop.manage("makemigrations", "--check", "--dry-run")
