"""Checks of the settings. They contact no other service."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks

from chatsite.doctor.findings import Finding, fail, ok, ok_if, warn

KNOWN_FILE = "admin/css/base.css"  # a static file of every project with the admin


def examine() -> Iterator[Finding]:
    yield from _system_checks()
    is_on = fail(
        "settings.debug", "DEBUG is on.", "Unset DEBUG. It shows tracebacks and uses public secrets."
    )
    yield ok_if(not settings.DEBUG, "settings.debug", "DEBUG is off.", is_on)
    yield from _secrets()
    yield from _hosts()
    yield from _tls()
    yield from _static_files()
    yield _services()


def _system_checks() -> Iterator[Finding]:
    found = [message for message in checks.run_checks() if message.level >= checks.ERROR]
    for message in found:
        yield fail("settings.environment", f"{message.id}: {message.msg}", str(message.hint or "Correct it."))
    if not found:
        yield ok("settings.environment", "All variables are valid.")


def _secrets() -> Iterator[Finding]:
    name = "settings.secrets"
    keys = {"SECRET_KEY": settings.SECRET_KEY, "JWT_SECRET": settings.JWT_SECRET}
    poor = [key for key, value in keys.items() if len(set(value)) < 12 or "only-for-development" in value]
    make = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if poor:
        yield fail(name, f"{' and '.join(poor)} can be guessed.", make)
    elif keys["SECRET_KEY"] == keys["JWT_SECRET"]:
        advice = f"Use two keys, so that you can change each of them. {make}"
        yield warn(name, "SECRET_KEY and JWT_SECRET are the same.", advice)
    else:
        yield ok(name, "SECRET_KEY and JWT_SECRET look random.")


def _hosts() -> Iterator[Finding]:
    hosts = settings.ALLOWED_HOSTS
    text = f"ALLOWED_HOSTS is {', '.join(hosts) or 'empty'}."
    advice = "List the hosts of the site. With * a request can choose the host of links and origin checks."
    is_list = bool(hosts) and "*" not in hosts
    yield ok_if(is_list, "settings.hosts", text, warn("settings.hosts", text, advice))
    plain = [
        origin
        for origin in settings.FRONTEND_ORIGINS
        if origin.startswith("http://") and not origin.startswith(("http://localhost", "http://127.0.0.1"))
    ]
    yield ok_if(
        not plain,
        "settings.origins",
        f"Pages of {', '.join(settings.FRONTEND_ORIGINS) or 'this site only'} can connect.",
        warn("settings.origins", f"FRONTEND_URL allows {', '.join(plain)}.", "Serve these pages over https."),
    )


def _tls() -> Iterator[Finding]:
    name = "settings.proxy"
    trusts_header = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    proxies = int(settings.REST_FRAMEWORK.get("NUM_PROXIES") or 0)
    if trusts_header and not proxies:
        advice = (
            "Set TRUSTED_PROXIES to the number of proxies. Until then all clients share one limit for logins."
        )
        yield warn(name, "TRUST_PROXY_TLS is on, but TRUSTED_PROXIES is 0.", advice)
    else:
        trust = "trusted" if trusts_header else "ignored"
        yield ok(name, f"TRUSTED_PROXIES is {proxies}, and X-Forwarded-Proto is {trust}.")
    plain = warn(
        "settings.cookies", "Browsers send cookies over plain HTTP too.", "Set SECURE_COOKIES=1 behind TLS."
    )
    is_secure = settings.SESSION_COOKIE_SECURE
    yield ok_if(is_secure, "settings.cookies", "Browsers send cookies over TLS only.", plain)


def _static_files() -> Iterator[Finding]:
    name = "settings.static"
    if settings.DEBUG:
        found = finders.find(KNOWN_FILE) is not None
        where = "Static files are served from the apps, because DEBUG is on."
    else:
        found = (settings.STATIC_ROOT / KNOWN_FILE).exists()
        where = f"Static files are in {settings.STATIC_ROOT}."
    missing = fail(
        name, f"{settings.STATIC_ROOT} lacks the static files.", "Run: manage.py collectstatic --noinput"
    )
    yield ok_if(found, name, where, missing)


def _services() -> Finding:
    name = "settings.services"
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if settings.REDIS_URL and is_sqlite:
        advice = "SQLite can serve only one process. Use PostgreSQL."
        return fail(name, "REDIS_URL is set, but DATABASE_URL is not.", advice)
    if not settings.REDIS_URL and not is_sqlite:
        advice = "Set REDIS_URL, or run exactly one process."
        return warn(name, "REDIS_URL is not set, so processes do not exchange events.", advice)
    if is_sqlite:
        advice = "Run exactly one process, or set DATABASE_URL and REDIS_URL."
        return warn(name, "The site uses SQLite and no Redis.", advice)
    return ok(name, "The site uses PostgreSQL and Redis, and may have any number of processes.")
