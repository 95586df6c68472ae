"""System checks of the project's settings. Each message has the name of the setting and what to write there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse

from chatsite.config.defaults import REST_FRAMEWORK

TAG: Final = "chatsite"
CHARACTER_BYTES: Final = 4  # the longest character in UTF-8
FRAME_OVERHEAD: Final = 1024  # bytes of the other fields of a frame, at most
MIDDLEWARE: Final = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)
REST_DEFAULTS: Final = (
    "DEFAULT_AUTHENTICATION_CLASSES",
    "DEFAULT_PERMISSION_CLASSES",
    "DEFAULT_RENDERER_CLASSES",
    "DEFAULT_PARSER_CLASSES",
    "DEFAULT_THROTTLE_CLASSES",
    "EXCEPTION_HANDLER",
)
SESSION_ENGINES: Final = ("django.contrib.sessions.backends.db", "django.contrib.sessions.backends.cached_db")


@checks.register(TAG)
def check_project(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    return [*_middleware(), *_addresses(), *_login(), *_services(), *_names(), *_rest_framework(), *_limits()]


def _middleware() -> Iterator[checks.CheckMessage]:
    for name in MIDDLEWARE:
        if name not in settings.MIDDLEWARE:
            yield checks.Error(
                f"MIDDLEWARE lacks {name}, so session cookies sign nobody in.", id="chatsite.E002"
            )
    if settings.SESSION_ENGINE not in SESSION_ENGINES:
        text = f"SESSION_ENGINE is {settings.SESSION_ENGINE}, but sockets with a session cookie need the session table."
        yield checks.Error(text, hint=f"Use {' or '.join(SESSION_ENGINES)}.", id="chatsite.E003")


def _addresses() -> Iterator[checks.CheckMessage]:
    try:
        reverse("web:landing")
    except NoReverseMatch:
        hint = 'Add path("chat/", include("chatsite.chat_urls")), with any prefix.'
        yield checks.Error("ROOT_URLCONF does not include chatsite.chat_urls.", hint=hint, id="chatsite.E004")


def _login() -> Iterator[checks.CheckMessage]:
    """Warn if the chat's pages lead visitors to an address of this site that does not exist."""
    target = str(settings.LOGIN_URL)
    try:
        if target.startswith("/") and not target.startswith("//"):
            resolve("/" + urlsplit(target).path.removeprefix(get_script_prefix()))
        elif "/" not in target:
            reverse(target)
    except (NoReverseMatch, Resolver404):
        text = f"LOGIN_URL is {target!r}, which is no address of this site."
        hint = "Set it to your login, or to 'web:sign-in' for the chat's own."
        yield checks.Warning(text, hint=hint, id="chatsite.W004")


def _services() -> Iterator[checks.CheckMessage]:
    if "default" not in settings.CHANNEL_LAYERS:
        yield checks.Error("CHANNEL_LAYERS has no layer named default.", id="chatsite.E005")
    for alias, database in settings.DATABASES.items():
        is_sqlite = database.get("ENGINE", "").endswith("sqlite3")
        if is_sqlite and database.get("OPTIONS", {}).get("transaction_mode") != "IMMEDIATE":
            text = f'DATABASES[{alias!r}]["OPTIONS"] lacks "transaction_mode": "IMMEDIATE".'
            hint = "A write fails while another transaction writes, unless it is set."
            yield checks.Warning(text, hint=hint, id="chatsite.W001")


def _rest_framework() -> Iterator[checks.CheckMessage]:
    """Warn about a `REST_FRAMEWORK` that does not begin with the chat's, because its views use these defaults."""
    for name in REST_DEFAULTS:
        wanted, chosen = REST_FRAMEWORK[name], settings.REST_FRAMEWORK.get(name)
        missing = {*([wanted] if isinstance(wanted, str) else wanted)}
        missing -= {*([chosen] if isinstance(chosen, str) else chosen or ())}
        if missing:
            text = f"REST_FRAMEWORK[{name!r}] lacks {', '.join(sorted(missing))}."
            hint = "Begin with the chat's: {**chatsite.config.defaults.REST_FRAMEWORK, …}."
            yield checks.Warning(text, hint=hint, id="chatsite.W002")


def _limits() -> Iterator[checks.CheckMessage]:
    """Warn if a socket refuses frames that could hold a message of the allowed length."""
    needed = settings.CHAT.message_length * CHARACTER_BYTES + FRAME_OVERHEAD
    if needed > settings.CHAT.frame_bytes:
        allowed = settings.CHAT.frame_bytes
        text = f"CHAT.message_length needs frames of {needed} bytes, but CHAT.frame_bytes is {allowed}."
        hint = "Raise frame_bytes, and the server's --ws-max-size or --websocket-max-message-size with it."
        yield checks.Warning(text, hint=hint, id="chatsite.W003")


def _names() -> Iterator[checks.CheckMessage]:
    model = apps.get_model(settings.AUTH_USER_MODEL)
    for field in settings.CHAT_NAME_FIELDS:
        try:
            model._meta.get_field(field)
        except FieldDoesNotExist:
            yield checks.Error(
                f"CHAT_NAME_FIELDS contains {field!r}, which {settings.AUTH_USER_MODEL} does not have.",
                id="chatsite.E007",
            )
