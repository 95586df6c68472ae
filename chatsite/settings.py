"""The settings, read from the environment. `docs/deployment.md` lists the variables; `config.checks` reports bad ones.

Without DATABASE_URL and REDIS_URL everything is embedded: SQLite, in-process cache and channel layer, one process.
With them the same code runs on PostgreSQL and Redis, with any number of processes.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from chatsite.config import attachments, defaults
from chatsite.config.away_settings import away_settings, mail_backend
from chatsite.config.broker import cache_settings, channel_layer_settings
from chatsite.config.databases import database_settings
from chatsite.config.env import Environment
from chatsite.config.limits import Limits
from chatsite.config.openapi import OPENAPI
from chatsite.config.queues import QUEUES
from chatsite.config.security_policy import content_security_policy
from chatsite.observability.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = Environment()
env = ENVIRONMENT

# --- The site -----------------------------------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG")
SECRET_KEY = env.secret(
    "SECRET_KEY", debug=DEBUG, stand_in="only-for-development-never-for-a-site-on-the-net"
)
JWT_SECRET = env.secret("JWT_SECRET", debug=DEBUG, stand_in="only-for-development-the-key-that-signs-tokens")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]") if DEBUG else (), debug=DEBUG)
if not DEBUG and not ALLOWED_HOSTS:
    env.missing("ALLOWED_HOSTS", "the host names that this site answers to, comma-separated")
FRONTEND_ORIGINS = env.origins("FRONTEND_URL")  # for CORS, CSRF and the WebSocket origin check
ADMIN_PATH = env.path("ADMIN_PATH", "admin")

INSTALLED_APPS = [
    # With daphne's app, before staticfiles, `runserver` speaks WebSocket too. Other processes start faster without it.
    *(["daphne"] if "runserver" in sys.argv else []),
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "rest_framework_simplejwt",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *defaults.CHAT_APPS,
]

MIDDLEWARE = [
    "chatsite.observability.access_log.note_request",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "chatsite.http.security_headers.SecurityHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "chatsite.observability.health.answer_probes",  # before a middleware that checks the host
    "chatsite.http.error_answers.ErrorAnswers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "chatsite.web.error_pages.DevelopmentAnswers",
]

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
APPEND_SLASH = False  # a trailing slash is accepted everywhere and never needed

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # those that the pages are translated into
LOCALE_PATHS = [BASE_DIR / "chatsite" / "web" / "locale"]
FORMAT_MODULE_PATH = ["chatsite.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
root = env.path("ROOT_PATH", "")
ROOT_PATH = f"/{root}" if root else ""  # the path under which the site is served, such as /support
FORCE_SCRIPT_NAME = ROOT_PATH or None
STATIC_URL = f"{ROOT_PATH}/static/"
WHITENOISE_STATIC_PREFIX = "/static/"  # requests come without ROOT_PATH
STATICFILES_DIRS = [("chat-client", BASE_DIR / "clients" / "javascript" / "src")]
STATIC_ROOT = Path(env.text("STATIC_ROOT") or BASE_DIR / "var" / "static")
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_IMMUTABLE_FILE_TEST = r"/bundles/parts/|\.[0-9a-f]{12}\.[^./]+$"  # names with a hash
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:inbox"

# --- Database -----------------------------------------------------------------------------------------------------

# Connections of one process, at most.
DATABASE_POOL_SIZE = env.integer("DATABASE_POOL_SIZE", 16, at_least=11)
DATABASES = {"default": database_settings(env, BASE_DIR / "var", pool_size=DATABASE_POOL_SIZE)}

# --- Redis --------------------------------------------------------------------------------------------------------

REDIS_URL = env.redis("REDIS_URL")
REDIS_PREFIX = env.text("REDIS_PREFIX", "chat")

CACHES = cache_settings(REDIS_URL, REDIS_PREFIX)
CHANNEL_LAYERS = channel_layer_settings(REDIS_URL, REDIS_PREFIX)

# --- Requests to other sites ----------------------------------------------------------------------------------------

# Internal networks that webhooks and push services may reach.
OUTGOING_ALLOW_NETWORKS = env.networks("OUTGOING_ALLOW_NETWORKS")
# Push and mail to people who are away.
away = away_settings(env, ALLOWED_HOSTS, ROOT_PATH, debug=DEBUG)
SITE_URL = away.site_url
PUSH_AFTER_SECONDS = away.push_after_seconds
MAIL_AFTER_SECONDS = away.mail_after_seconds
VAPID_PRIVATE_KEY = away.vapid_private_key
VAPID_SUBJECT = away.vapid_subject
CHAT_SENDS_MAIL = away.sends_mail
DEFAULT_FROM_EMAIL = away.from_email
MAIL_REPLY_ADDRESS = away.reply_address
MAIL_AUTHSERV_ID = away.authserv_id
globals().update(mail_backend(env))  # EMAIL_BACKEND and the settings that this backend reads

# --- Accounts -------------------------------------------------------------------------------------------------------

CHAT_SIGN_UP = env.boolean("SIGN_UP", DEBUG)  # people make accounts themselves
CHAT_PASSWORD_RESET = env.boolean("PASSWORD_RESET", CHAT_SENDS_MAIL)  # by a link in a mail

# --- Background jobs ------------------------------------------------------------------------------------------------

# Jobs are stored in the database, in the transaction of the change that causes them.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": list(QUEUES)}}
# Without Redis, only the server process can send events to its sockets, so the worker runs inside it.
BACKGROUND_WORKER = env.choice(
    "BACKGROUND_WORKER", ("embedded", "separate"), "separate" if REDIS_URL else "embedded"
)

# --- Attachments ----------------------------------------------------------------------------------------------------

MEDIA_ROOT = Path(env.text("MEDIA_ROOT") or BASE_DIR / "var" / "media")
ATTACHMENTS_ROOT = MEDIA_ROOT / "attachments"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatsite.web.static_files.BundledStaticStorage"},
    "attachments": env.attachments("ATTACHMENTS_STORAGE", ATTACHMENTS_ROOT),
}
ATTACHMENT_TYPES = env.listed("ATTACHMENT_TYPES", attachments.TYPES)  # a file's type is read from its bytes
# A host for files alone, such as https://files.example.
ATTACHMENTS_ORIGIN = next(iter(env.origins("ATTACHMENTS_ORIGIN")), "")
FILE_ORIGINS = [*filter(None, [ATTACHMENTS_ORIGIN, attachments.origin_of(STORAGES["attachments"])])]
# Who sends the bytes: this process, the proxy in front of it, or the storage.
ATTACHMENTS_SERVE = env.choice(
    "ATTACHMENTS_SERVE", ("stream", "accel", "redirect"), attachments.served_by(STORAGES["attachments"])
)
# Days after which files are deleted, unless their business has its own number. 0: never.
ATTACHMENT_DAYS = env.integer("ATTACHMENT_DAYS", 0)
# clamd://HOST:PORT, clamd+unix:///PATH, or the dotted path of a function. Empty: files are not scanned.
ATTACHMENTS_SCANNER = env.text("ATTACHMENTS_SCANNER")
ATTACHMENTS_ACCEL_PATH = env.text("ATTACHMENTS_ACCEL_PATH", "/-/attachments/")  # nginx's internal location
MESSAGE_DAYS = env.integer("MESSAGE_DAYS", 0)  # like ATTACHMENT_DAYS, of whole messages with their files

# --- The chat -------------------------------------------------------------------------------------------------------

# The function that decides whom a business may write to first, as a dotted path: (business id, user id) -> bool.
CHAT_CONTACT_RULE = env.text("CHAT_CONTACT_RULE", "conversations.contacts.has_tie")

# Functions that suggest answers, summarise and translate for members of a business: dotted paths, comma-separated.
CHAT_ASSISTANTS = tuple(filter(None, map(str.strip, env.text("CHAT_ASSISTANTS").split(","))))
CHAT_ASSISTANT_SECONDS = env.number("CHAT_ASSISTANT_SECONDS", 8)  # that an assistant has to answer

# Functions that show members more about a customer, beside the conversation: dotted paths, comma-separated.
CHAT_CUSTOMER_PANELS = tuple(filter(None, map(str.strip, env.text("CHAT_CUSTOMER_PANELS").split(","))))
CHAT_CUSTOMER_PANEL_SECONDS = env.number(
    "CHAT_CUSTOMER_PANEL_SECONDS", 3
)  # that such a function has to answer

# The fields of the user model that make up a name. Empty: those of Django's own user model.
CHAT_NAME_FIELDS: tuple[str, ...] = ()

CHAT = Limits(
    clock_leeway=env.number("CLOCK_LEEWAY", Limits.clock_leeway),
    presence_ttl=env.number("PRESENCE_TTL", Limits.presence_ttl, at_least=1),
    presence_grace=env.number("PRESENCE_GRACE", Limits.presence_grace),
    user_changes_per_second=env.number(
        "USER_CHANGES_PER_SECOND", Limits.user_changes_per_second, at_least=0.01
    ),
    user_changes_burst=env.integer("USER_CHANGES_BURST", Limits.user_changes_burst, at_least=1),
)

# Forms. `chatsite.http.request_limits` limits all other bodies.
DATA_UPLOAD_MAX_MEMORY_SIZE = CHAT.request_bytes

# --- REST -----------------------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    **defaults.REST_FRAMEWORK,
    "NUM_PROXIES": env.integer("TRUSTED_PROXIES", 0),
}

SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SECRET,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.number("ACCESS_TOKEN_MINUTES", 15, at_least=0.01)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": False,
    # Seconds by which the clock of a token's signer may be ahead (`iat`, `nbf`). It does not extend `exp`.
    "LEEWAY": CHAT.clock_leeway,
    "USER_ID_CLAIM": "user_id",
    "TOKEN_OBTAIN_SERIALIZER": "chatsite.identity.serializers.LoginSerializer",
}

SPECTACULAR_SETTINGS = OPENAPI

CORS_ALLOWED_ORIGINS = FRONTEND_ORIGINS
CORS_ALLOW_CREDENTIALS = True
CSRF_TRUSTED_ORIGINS = FRONTEND_ORIGINS
CSRF_FAILURE_VIEW = "chatsite.web.form_views.csrf_failure"
AUTHENTICATION_BACKENDS = ["chatsite.identity.backends.CountingBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- Security headers and TLS ---------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = content_security_policy(FILE_ORIGINS)
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

if not DEBUG:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("TRUST_PROXY_TLS") else None
    SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 30 * 86_400)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("HSTS_INCLUDE_SUBDOMAINS")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.boolean("SECURE_COOKIES", True)

SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the site cannot know whether its subdomains have TLS; see HSTS_INCLUDE_SUBDOMAINS
    "security.W008",  # the TLS proxy redirects; a redirect here would also apply to health checks
    "security.W021",  # the owner of a domain enters it into the preload list by hand
]

# --- For the operator -----------------------------------------------------------------------------------------------

METRICS_TOKEN = env.text("METRICS_TOKEN")  # `Authorization: Bearer` of a scraper
# Send plain ASGI messages instead of writing to the server's own sockets (docs/servers.md).
PLAIN_ASGI = env.boolean("PLAIN_ASGI")
METRICS_NETWORKS = env.networks("METRICS_NETWORKS", ("127.0.0.0/8", "::1") if DEBUG else ())

LOGGING = logging_settings(
    line_format=env.choice("LOG_FORMAT", ("json", "text"), "text" if DEBUG else "json"),
    level=env.choice("LOG_LEVEL", ("debug", "info", "warning", "error", "critical"), "info"),
)
