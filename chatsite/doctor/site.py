"""Settings: what is safe to say of them without asking anybody."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks

from chatsite.doctor.findings import Finding, fail, judged, ok, warn

KNOWN_FILE = "admin/css/base.css"  # in every collection of static files


def examine() -> Iterator[Finding]:
    yield from _system_checks()
    yield judged(
        "settings.debug",
        not settings.DEBUG,
        "DEBUG is off",
        fail(
            "settings.debug", "DEBUG is on", "Unset DEBUG: it shows tracebacks and uses well-known secrets."
        ),
    )
    yield from _secrets()
    yield from _hosts()
    yield from _tls()
    yield from _static_files()
    yield _services()


def _system_checks() -> Iterator[Finding]:
    found = [message for message in checks.run_checks() if message.level >= checks.ERROR]
    for message in found:
        yield fail("settings.environment", f"{message.id}: {message.msg}", str(message.hint or "Mend it."))
    if not found:
        yield ok("settings.environment", "every variable makes sense")


def _secrets() -> Iterator[Finding]:
    name = "settings.secrets"
    keys = {"SECRET_KEY": settings.SECRET_KEY, "JWT_SECRET": settings.JWT_SECRET}
    poor = [key for key, value in keys.items() if len(set(value)) < 12 or "only-for-development" in value]
    make = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if poor:
        yield fail(name, f"{' and '.join(poor)} can be guessed", make)
    elif keys["SECRET_KEY"] == keys["JWT_SECRET"]:
        yield warn(
            name, "SECRET_KEY and JWT_SECRET are the same", f"Use two, so that each can change. {make}"
        )
    else:
        yield ok(name, "SECRET_KEY and JWT_SECRET look random")


def _hosts() -> Iterator[Finding]:
    hosts = settings.ALLOWED_HOSTS
    anything = warn(
        "settings.hosts",
        f"ALLOWED_HOSTS is {', '.join(hosts) or 'empty'}",
        "Name the hosts: with * anybody chooses the host that links and origin checks go by.",
    )
    yield judged(
        "settings.hosts", bool(hosts) and "*" not in hosts, f"answers to {', '.join(hosts)}", anything
    )
    plain = [
        origin
        for origin in settings.FRONTEND_ORIGINS
        if origin.startswith("http://") and not origin.startswith(("http://localhost", "http://127.0.0.1"))
    ]
    yield judged(
        "settings.origins",
        not plain,
        f"pages of {', '.join(settings.FRONTEND_ORIGINS) or 'this site alone'} may connect",
        warn("settings.origins", f"FRONTEND_URL allows {', '.join(plain)}", "Serve these pages over https."),
    )


def _tls() -> Iterator[Finding]:
    name = "settings.proxy"
    believes_tls = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    proxies = int(settings.REST_FRAMEWORK.get("NUM_PROXIES") or 0)
    if believes_tls and not proxies:
        advice = (
            "Set TRUSTED_PROXIES to their number; until then logins of all clients count as one address's."
        )
        yield warn(name, "TRUST_PROXY_TLS is on, but TRUSTED_PROXIES is 0", advice)
    else:
        yield ok(
            name, f"{proxies} trusted proxies, X-Forwarded-Proto {'believed' if believes_tls else 'ignored'}"
        )
    plain = warn("settings.cookies", "cookies travel over plain HTTP too", "Set SECURE_COOKIES=1 behind TLS.")
    yield judged("settings.cookies", settings.SESSION_COOKIE_SECURE, "cookies travel over TLS alone", plain)


def _static_files() -> Iterator[Finding]:
    name = "settings.static"
    if settings.DEBUG:
        found = finders.find(KNOWN_FILE) is not None
        where = "served from the apps, as DEBUG is on"
    else:
        found, where = (settings.STATIC_ROOT / KNOWN_FILE).exists(), f"collected in {settings.STATIC_ROOT}"
    missing = fail(name, f"not in {settings.STATIC_ROOT}", "Run: manage.py collectstatic --noinput")
    yield judged(name, found, where, missing)


def _services() -> Finding:
    name = "settings.services"
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if settings.REDIS_URL and is_sqlite:
        return fail(
            name, "REDIS_URL is set, DATABASE_URL is not", "SQLite serves one process; use PostgreSQL."
        )
    if not settings.REDIS_URL and not is_sqlite:
        advice = "Set REDIS_URL, or run exactly one process."
        return warn(name, "without REDIS_URL processes do not hear of each other", advice)
    if is_sqlite:
        return warn(
            name,
            "embedded: SQLite and no Redis",
            "Run exactly one process, or set DATABASE_URL and REDIS_URL.",
        )
    return ok(name, "PostgreSQL and Redis, for any number of processes")
