"""Validate the origins whose pages may show a widget: a web origin, or all subdomains of a host."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from chatsite.config.domains import is_public_suffix, to_ascii
from chatsite.errors import DomainError, invalid

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_LOOPBACK: Final = ("localhost", "127.0.0.1")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def clean_origins(given: Sequence[str]) -> list[str]:
    """Normalise the origins and remove duplicates. Raise `invalid` for a bad one and `too_large` for too many."""
    most = settings.CHAT.widget_origins
    if len(given) > most:
        raise DomainError(
            "too_large", f"A widget may have at most {most} origins.", {"field": "origins", "limit": most}
        )
    return list(dict.fromkeys(clean_origin(raw) for raw in given))


def clean_origin(raw: str) -> str:
    """Normalise `https://host[:port]` or `https://*.host[:port]`. Plain http is allowed for localhost only.

    The result goes into a header, so it contains only letters, digits, dots, hyphens, brackets and colons.
    """
    try:
        parts = urlsplit(raw.strip())
        scheme, host, port = parts.scheme.lower(), _host(parts.hostname or ""), parts.port
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    except ValueError as error:
        raise _bad(raw) from error
    is_host = host.startswith("[") or (_HOST.fullmatch(host) and len(host) <= 253)
    if extra or scheme not in _DEFAULT_PORTS or not is_host:
        raise _bad(raw)
    if scheme == "http" and host not in (*_LOOPBACK, "[::1]"):
        raise invalid(
            f"{raw!r} must begin with https://. Plain http is allowed for localhost only.", field="origins"
        )
    if host.startswith("*.") and (host[-1].isdigit() or is_public_suffix(host[2:])):
        raise invalid(
            f"{raw!r} covers sites of many owners. Use a wildcard below a domain of your own, such as *.example.com.",
            field="origins",
        )
    shown = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{host}{shown}"


def covers(pattern: str, origin: str) -> bool:
    """Return whether an origin is meant by one of a business's origins; the same rule as in `widget.js`."""
    scheme, wildcard, domain = pattern.partition("://*.")
    if not wildcard:
        return origin == pattern
    return origin.startswith(f"{scheme}://") and origin.endswith(f".{domain}")


def _host(host: str) -> str:
    """Normalise a host. An IPv6 address gets brackets and its shortest form."""
    if "%" in host:
        raise ValueError("an address with a zone is valid on one machine only")
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    wildcard, bare = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    return wildcard + to_ascii(bare)


def _bad(raw: str) -> DomainError:
    return invalid(f"{raw!r} is not an origin such as https://www.example.com.", field="origins")


def host_origins(origins: Sequence[str], request: HttpRequest) -> list[str]:
    """Return the business's origins. With `DEBUG`, add localhost, so that the demo page works."""
    if not settings.DEBUG:
        return list(origins)
    _, colon, port = request.get_host().rpartition(":")
    shown = f":{port}" if colon and port.isdigit() else ""
    return list(dict.fromkeys([*origins, *(f"http://{name}{shown}" for name in _LOOPBACK)]))
