"""Settings, all from the environment. `docs/deployment.md` lists the variables; `config.checks` names a bad one.

Without DATABASE_URL and REDIS_URL everything is embedded: SQLite, in-process cache and channel layer, one process.
With them the same code runs on PostgreSQL and Redis, with any number of processes.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from chatsite.config import attachments, defaults
from chatsite.config.away_settings import away_settings, mail_backend
from chatsite.config.env import Environment
from chatsite.config.limits import Limits
from chatsite.config.queues import QUEUES
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
    "daphne",  # before staticfiles: `runserver` then speaks WebSocket too
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
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",  # without it rotation blacklists nothing, silently
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tasks",
    "django_tasks_db",
    "chatsite.apps.ChatsiteConfig",
    "chatsite.background",
    "chatsite.identity",
    "chatsite.web",
    "chatsite.widget",
    "chatsite.legacy_import",
    "chatsite.transfer",
    "conversations",
    "presence",
    "notifications",
]

MIDDLEWARE = [
    "chatsite.observability.access_log.note_request",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "chatsite.http.security_headers.SecurityHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "chatsite.observability.health.answer_probes",  # below the headers of every answer, above what asks for the host
    "chatsite.http.error_answers.ErrorAnswers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
TIME_ZONE = "UTC"
USE_TZ = True
ROOT_PATH = (
    f"/{root}" if (root := env.path("ROOT_PATH", "")) else ""
)  # the site is below it, such as /support
FORCE_SCRIPT_NAME = ROOT_PATH or None
STATIC_URL = f"{ROOT_PATH}/static/"
WHITENOISE_STATIC_PREFIX = "/static/"  # requests come without ROOT_PATH
STATICFILES_DIRS = [("chat-client", BASE_DIR / "clients" / "javascript" / "src")]
STATIC_ROOT = Path(env.text("STATIC_ROOT") or BASE_DIR / "var" / "static")
WHITENOISE_USE_FINDERS = DEBUG
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:inbox"

# --- Database: the truth --------------------------------------------------------------------------------------------


def embedded_database() -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "var" / "chat.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",  # a write waits for its turn instead of failing half-way
            # FULL: a commit is on the disk before it is acknowledged.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
        },
    }


DATABASES: dict[str, dict[str, Any]] = {"default": env.database("DATABASE_URL", default=embedded_database())}
if not env.text("DATABASE_URL"):
    (BASE_DIR / "var").mkdir(exist_ok=True)  # only where it is used: an image's file system is read-only
DATABASE_POOL_SIZE = env.integer("DATABASE_POOL_SIZE", 16, at_least=11)  # connections of one process, at most
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["CONN_MAX_AGE"] = (
        0  # persistent connections leak under ASGI; the pool keeps them instead
    )
    # A connection is tried when it leaves the pool: after a restart of PostgreSQL each dead one would cost a 503.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 2,
        "max_size": DATABASE_POOL_SIZE,
        "timeout": 5,
    }
    # Parameters travel beside the statement and not inside of it: quoting whole columns of a batch in Python was a
    # seventh of a server process's time.
    DATABASES["default"]["OPTIONS"]["server_side_binding"] = True

# --- Redis: speed and fan-out ---------------------------------------------------------------------------------------

REDIS_URL = env.redis("REDIS_URL")
REDIS_PREFIX = env.text("REDIS_PREFIX", "chat")

if REDIS_URL:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": REDIS_PREFIX,
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
    }
    CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "chatsite.realtime.redis.layer.RedisLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
        }
    }
else:
    # Far more entries than the default of 300: a flood of logins must not push the counts of others out.
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

# --- Requests to other sites ----------------------------------------------------------------------------------------

# Webhooks and push services may not lead to an internal network, except to these.
OUTGOING_ALLOW_NETWORKS = env.networks("OUTGOING_ALLOW_NETWORKS")
# Push and mail to people who are away.
_away = away_settings(env, ALLOWED_HOSTS, ROOT_PATH)
SITE_URL, PUSH_AFTER_SECONDS, MAIL_AFTER_SECONDS, VAPID_PRIVATE_KEY, VAPID_SUBJECT = _away[:5]
CHAT_SENDS_MAIL, DEFAULT_FROM_EMAIL, MAIL_REPLY_ADDRESS, MAIL_AUTHSERV_ID = _away[5:]
globals().update(mail_backend(env))

# --- Background jobs ------------------------------------------------------------------------------------------------

# Jobs are stored in the database, in the transaction of the change that causes them.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": list(QUEUES)}}
# Without Redis only the server's process can tell its sockets what a job changed, so the worker runs inside it.
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
ATTACHMENT_TYPES = env.listed("ATTACHMENT_TYPES", attachments.TYPES)  # decided by a file's bytes
ATTACHMENTS_ORIGIN = next(
    iter(env.origins("ATTACHMENTS_ORIGIN")), ""
)  # a host for files alone, such as https://files.example
# Who sends the bytes: this process, the proxy in front of it, or the storage.
FILE_ORIGINS = [*filter(None, [ATTACHMENTS_ORIGIN, attachments.origin_of(STORAGES["attachments"])])]
ATTACHMENTS_SERVE = env.choice(
    "ATTACHMENTS_SERVE", ("stream", "accel", "redirect"), attachments.served_by(STORAGES["attachments"])
)
# Days that files are kept, unless their business says otherwise; 0: for ever.
ATTACHMENT_DAYS = env.integer("ATTACHMENT_DAYS", 0)
# clamd://HOST:PORT, clamd+unix:///PATH, or the dotted path of a function; empty: files are not scanned
ATTACHMENTS_SCANNER = env.text("ATTACHMENTS_SCANNER")
ATTACHMENTS_ACCEL_PATH = env.text("ATTACHMENTS_ACCEL_PATH", "/-/attachments/")  # nginx's internal location

# --- The chat -------------------------------------------------------------------------------------------------------

# Decides whom a business may open a conversation with: the dotted path of a function (business id, user id) -> bool.
CHAT_CONTACT_RULE = env.text("CHAT_CONTACT_RULE", "conversations.contacts.has_tie")

# The fields of the user model that make up a name; empty for those that Django's model has.
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

DATA_UPLOAD_MAX_MEMORY_SIZE = (
    CHAT.request_bytes
)  # forms; the rest is bounded by `chatsite.http.request_limits`

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
    # Seconds by which the clock of who signed a token may be ahead (`iat`, `nbf`). `exp` is not stretched.
    "LEEWAY": CHAT.clock_leeway,
    "USER_ID_CLAIM": "user_id",
    "TOKEN_OBTAIN_SERIALIZER": "chatsite.identity.serializers.LoginSerializer",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Business chat",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # What a client sends and what it gets are schemas of their own: a login is asked for with a password, not a token.
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chatsite.http.schema.without_trailing_slashes",
        "chatsite.http.schema.lists_in_pages",
        "chatsite.http.openapi.json_bodies",
        "chatsite.http.openapi.bounds",
        "chatsite.http.openapi.summaries",
        "chatsite.http.openapi.documented_errors",
    ],
    # The documentation page comes from here, with no request to another host.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {"SideEnum": ["business", "customer", "system"]},
}

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

# Pages load scripts, styles and images from this site only, nothing inline, and no other site may embed them.
# `chatsite.http.security_headers` adds the hashes that pages of other packages need. A view changes a directive for
# itself with `csp.decorators`.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, *FILE_ORIGINS],
        "media-src": [SELF, *FILE_ORIGINS],
        "font-src": [SELF],
        "connect-src": [SELF, *FILE_ORIGINS],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
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
    "security.W005",  # whether a domain's other hosts have TLS is not ours to say: HSTS_INCLUDE_SUBDOMAINS
    "security.W008",  # the proxy that ends TLS redirects to it; here health checks would follow
    "security.W021",  # being on the browsers' preload list is a step that a domain's owner takes by hand
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
