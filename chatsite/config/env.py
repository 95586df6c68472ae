"""Read settings from environment variables and collect the problems.

`manage.py check` can report problems only if the settings load. So a bad value raises no exception: it is recorded as a
`Problem`, and a harmless default is returned. `chatsite.config.checks` turns each problem into a system check error
that names the variable. The servers run the same checks before they accept connections.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import dj_database_url

from chatsite.config import attachments
from chatsite.config.domains import is_public_suffix
from chatsite.config.mail_url import mail_settings

T = TypeVar("T")

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_PATH = re.compile(r"^[\w-]+(/[\w-]+)*$", re.ASCII)
_VAPID_KEY = re.compile(r"^[A-Za-z0-9_-]{43}$")
_ORIGIN = re.compile(r"^https?://[^/\s?#]+$")


@dataclass(frozen=True)
class Problem:
    variable: str
    text: str


@dataclass
class Environment:
    """The environment variables, and the `problems` found while reading them."""

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)
    problems: list[Problem] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, default).strip()

    def missing(self, name: str, expected: str) -> None:
        self.problems.append(Problem(name, f"{name} is not set. Set it to {expected}."))

    def _parsed(
        self, name: str, default: T, parse: Callable[[str], T], expected: str, *, secret: bool = False
    ) -> T:
        raw = self.text(name)
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError:
            found = "not valid" if secret else repr(raw)
            self.problems.append(Problem(name, f"{name} is {found}, but must be {expected}."))
            return default

    def boolean(self, name: str, default: bool = False) -> bool:
        def parse(raw: str) -> bool:
            if raw.lower() in _TRUE:
                return True
            if raw.lower() in _FALSE:
                return False
            raise ValueError(raw)

        return self._parsed(name, default, parse, "1 or 0")

    def number(self, name: str, default: float, *, at_least: float = 0) -> float:
        def parse(raw: str) -> float:
            value = float(raw)
            if not at_least <= value < float("inf"):
                raise ValueError(raw)
            return value

        return self._parsed(name, default, parse, f"a number of at least {at_least:g}")

    def integer(self, name: str, default: int, *, at_least: int = 0) -> int:
        def parse(raw: str) -> int:
            if int(raw) < at_least:
                raise ValueError(raw)
            return int(raw)

        return self._parsed(name, default, parse, f"a whole number of at least {at_least}")

    def listed(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        return [part.strip() for part in self.text(name).split(",") if part.strip()] or list(default)

    def hosts(self, name: str, default: tuple[str, ...], *, debug: bool) -> list[str]:
        """Comma-separated host names; `.example.com` is the domain with its subdomains.

        Unless DEBUG is on, reject `*` and public suffixes such as `.com`, which include hosts of other owners.
        """
        found = self.listed(name, default)
        for host in found:
            if not debug and ("*" in host or (host.startswith(".") and is_public_suffix(host))):
                self.problems.append(
                    Problem(
                        name,
                        f"{name} contains {host!r}. List the hosts of this site, without `*` or a public suffix.",
                    )
                )
        return found

    def origins(self, name: str) -> list[str]:
        """Comma-separated web origins, `scheme://host[:port]` without a path. A trailing slash is removed."""
        found = []
        for raw in self.listed(name):
            origin = raw.rstrip("/")
            if _ORIGIN.match(origin):
                found.append(origin.lower())
            else:
                self.problems.append(
                    Problem(name, f"{name} contains {raw!r}. List origins such as https://shop.example.")
                )
        return found

    def origin(self, name: str, *, default: str) -> str:
        """Read one web origin, under which people reach this site."""

        def parse(raw: str) -> str:
            if not _ORIGIN.match(raw.rstrip("/")):
                raise ValueError(raw)
            return raw.rstrip("/").lower()

        return self._parsed(name, default, parse, "an origin such as https://chat.example")

    def vapid_key(self, name: str) -> str:
        """Read a private key as `manage.py vapid_keys` writes it: 32 bytes in base64url."""

        def parse(raw: str) -> str:
            if not _VAPID_KEY.match(raw):
                raise ValueError("not a key")
            return raw

        return self._parsed(name, "", parse, "a key made by `manage.py vapid_keys`", secret=True)

    def mail(self, name: str) -> dict[str, Any]:
        """Django's mail settings; mails go nowhere where the variable is not set."""
        nowhere = {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
        expected = "smtp://, smtps:// or the name of a mail provider with its key (docs/away.md)"
        return self._parsed(name, nowhere, mail_settings, expected, secret=True)

    def path(self, name: str, default: str) -> str:
        """Read a path below the site's root, without slashes at the ends, such as `staff/desk`."""

        def parse(raw: str) -> str:
            path = raw.strip("/")
            if not _PATH.match(path):
                raise ValueError(raw)
            return path

        return self._parsed(name, default, parse, "a path of letters, digits, - and _")

    def networks(self, name: str, default: tuple[str, ...] = ()) -> list[IPv4Network | IPv6Network]:
        """Comma-separated networks such as 10.0.0.0/8; an address is a network of one host."""
        found = []
        for raw in self.listed(name, default):
            try:
                found.append(ip_network(raw))
            except ValueError:
                self.problems.append(
                    Problem(name, f"{name} contains {raw!r}. List networks such as 10.0.0.0/8.")
                )
        return found

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        def parse(raw: str) -> str:
            if raw.lower() not in options:
                raise ValueError(raw)
            return raw.lower()

        return self._parsed(name, default, parse, f"one of {', '.join(options)}")

    def secret(self, name: str, *, debug: bool, stand_in: str, shortest: int = 32) -> str:
        """Read a key. Unless DEBUG is on, it must be set and long enough."""
        value = self.text(name)
        if not value:
            if not debug:
                self.problems.append(
                    Problem(
                        name,
                        f"{name} is not set. Set it to a long random text. Only DEBUG=1 works without it.",
                    )
                )
            return stand_in
        if len(value) < shortest and not debug:
            self.problems.append(Problem(name, f"{name} must have at least {shortest} characters."))
        return value

    def database(self, name: str, *, default: dict[str, object]) -> dict[str, object]:
        """Read a postgresql:// or sqlite:// URL. Defaults to the embedded database."""
        raw = self.text(name)
        if not raw:
            return default
        try:
            parsed = dict(dj_database_url.parse(raw))
        except ValueError:
            parsed = {}
        if parsed.get("ENGINE") == "django.db.backends.sqlite3":
            return {**default, "NAME": parsed["NAME"]}
        if parsed.get("ENGINE") != "django.db.backends.postgresql" or not parsed.get("NAME"):
            self.problems.append(
                Problem(name, f"{name} must be postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///PATH.")
            )
            return default
        return parsed

    def attachments(self, name: str, folder: Path) -> dict[str, Any]:
        """Read the storage of attachments: an s3:// URL, or the folder."""
        try:
            return attachments.s3(self.text(name)) if self.text(name) else attachments.file_system(folder)
        except ValueError:
            self.problems.append(Problem(name, f"{name} must be s3://KEY:SECRET@HOST/BUCKET?region=REGION."))
        except ImportError:
            self.problems.append(Problem(name, f"{name} needs django-storages: install the extra `s3`."))
        return attachments.file_system(folder)

    def redis(self, name: str) -> str:
        """Read the Redis URL, or build it from REDIS_HOST, REDIS_PORT and REDIS_PASSWORD; "" if none is set."""
        raw = self.text(name)
        if not raw and self.text("REDIS_HOST"):
            password = self.text("REDIS_PASSWORD")
            credentials = f":{quote(password, safe='')}@" if password else ""
            port = self.integer("REDIS_PORT", 6379, at_least=1)
            raw = f"redis://{credentials}{self.text('REDIS_HOST')}:{port}/0"
        if not raw:
            return ""
        try:
            url = urlsplit(raw)
            bad = url.scheme not in {"redis", "rediss", "unix"} or not (url.hostname or url.path)
            _ = url.port
        except ValueError:
            bad = True
        if bad:
            self.problems.append(
                Problem(name, f"{name} must be redis://[:PASSWORD@]HOST[:PORT][/DB] (or rediss://, unix://).")
            )
            return ""
        return raw
