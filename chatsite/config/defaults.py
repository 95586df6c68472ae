"""The defaults of all settings of the chat, so that a host project sets only what it wants to change.

`ChatsiteConfig` sets them before any model is loaded. `docs/embedding.md` lists them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from chatsite.config import attachments
from chatsite.config.broker import channel_layer_settings
from chatsite.config.env import Environment
from chatsite.config.limits import Limits
from chatsite.config.queues import QUEUES

DJANGO_APPS: Final = (
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
)
CONFIG: Final = ".apps.ChatsiteConfig"

# In the order of INSTALLED_APPS. A host project writes `*CHAT_APPS` after Django's own apps.
CHAT_APPS: Final[tuple[str, ...]] = (
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",  # without it, the rotation of tokens blacklists nothing
    "django_tasks",
    "django_tasks_db",
    f"chatsite{CONFIG}",
    "chatsite.background",
    "chatsite.identity",
    "chatsite.web",
    "chatsite.widget",
    "chatsite.legacy_import",
    "chatsite.transfer",
    "conversations",
    "presence",
    "notifications",
)

THROTTLE_RATES: Final = {
    "login_account": "10/min",  # tries for one account name, from anywhere
    "login_address": "60/min",  # tries from one address, for any account
    "login_refresh": "120/min",  # token refreshes and verifications from one address
    "sign_up": "20/hour",  # new accounts from one address
    "password_reset": "20/hour",  # requests for a mail with a link to a new password, from one address
    "account_mail": "5/hour",  # mails about an account to one mail address, from anywhere
    "invitation_mail": "5/day",  # invitations to one mail address, of all businesses
    "widget_session": "120/min",  # exchanges of a host's token, and returns of guests, from one address
    "widget_guest": "20/hour",  # new guests from one address
    "widget_guests_of_site": "600/hour",  # new guests of one widget, from anywhere
}

REST_FRAMEWORK: Final[dict[str, Any]] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "chatsite.identity.authentication.TokenAuthentication",
        "chatsite.identity.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "chatsite.identity.scopes.HasScope",
    ],
    "DEFAULT_RENDERER_CLASSES": [
        "chatsite.http.api.WireRenderer",
        "chatsite.http.api.BrowsablePages",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "chatsite.http.api.WireParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "chatsite.http.api.exception_handler",
    "NUM_PROXIES": 0,
    "UNICODE_JSON": True,
    "DEFAULT_THROTTLE_CLASSES": ["chatsite.identity.throttles.ChangeThrottle"],
    "DEFAULT_THROTTLE_RATES": THROTTLE_RATES,
}


# Accounts, and notices to people who are away.
ACCOUNTS_AND_NOTICES: Final[dict[str, Any]] = {
    "CHAT_PASSWORD_RESET": False,
    "CHAT_SENDS_MAIL": False,
    "CHAT_SIGN_UP": False,
    "MAIL_AFTER_SECONDS": 600,
    "MAIL_AUTHSERV_ID": "",
    "MAIL_REPLY_ADDRESS": "",
    "PUSH_AFTER_SECONDS": 10,
    "SITE_URL": "",
    "VAPID_PRIVATE_KEY": "",
    "VAPID_SUBJECT": "",
}


def default_settings(redis_url: str = "", secret_key: str = "") -> dict[str, Any]:
    """Return the defaults of all settings of the chat, and of those settings of its libraries that it needs."""
    return {
        **ACCOUNTS_AND_NOTICES,
        "ATTACHMENTS_ACCEL_PATH": "/-/attachments/",
        "ATTACHMENTS_ORIGIN": "",
        "ATTACHMENTS_ROOT": Path(getattr(settings, "BASE_DIR", Path.cwd())) / "var" / "attachments",
        "ATTACHMENTS_SCANNER": "",
        "ATTACHMENTS_SERVE": "stream",
        "ATTACHMENT_DAYS": 0,
        "MESSAGE_DAYS": 0,
        "ATTACHMENT_TYPES": attachments.TYPES,
        "BACKGROUND_WORKER": "separate" if redis_url else "embedded",
        "CHANNEL_LAYERS": channel_layer_settings(redis_url, "chat"),
        "CHAT": Limits(),
        "CHAT_ASSISTANTS": (),
        "CHAT_ASSISTANT_SECONDS": 8,
        "CHAT_CONTACT_RULE": "",
        "CHAT_CUSTOMER_PANELS": (),
        "CHAT_CUSTOMER_PANEL_SECONDS": 3,
        "CHAT_NAME_FIELDS": (),
        "DATABASE_POOL_SIZE": 16,
        "ENVIRONMENT": Environment(values={}),
        "FRONTEND_ORIGINS": [],
        "JWT_SECRET": secret_key,
        "METRICS_NETWORKS": [],
        "METRICS_TOKEN": "",
        "OUTGOING_ALLOW_NETWORKS": [],
        "PLAIN_ASGI": False,
        "REDIS_PREFIX": "chat",
        "REDIS_URL": "",
        "REST_FRAMEWORK": REST_FRAMEWORK,
        "ROOT_PATH": "",
        "TASKS": {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": list(QUEUES)}},
    }


def fill_in_defaults() -> None:
    """Set the default of every setting that the project does not set."""
    redis_url = str(getattr(settings, "REDIS_URL", ""))
    for name, value in default_settings(redis_url, settings.SECRET_KEY).items():
        if not hasattr(settings, name):
            setattr(settings, name, value)
    if not isinstance(settings.CHAT, Limits):
        raise ImproperlyConfigured("CHAT must be an object of chatsite.config.limits.Limits.")


def require_apps() -> None:
    """Raise an error with the missing apps. Django would fail later, at the first model of one of them."""
    missing = [
        name for name in (*DJANGO_APPS, *CHAT_APPS) if not apps.is_installed(name.removesuffix(CONFIG))
    ]
    if missing:
        raise ImproperlyConfigured(f"The chat needs these in INSTALLED_APPS: {', '.join(missing)}.")
