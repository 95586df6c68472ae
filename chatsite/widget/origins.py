"""Which pages may show a business's widget: web origins, and all the subdomains of one host."""

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
    """The origins as browsers spell them, each once; `invalid` names the first bad one, `too_large` too many."""
    most = settings.CHAT.widget_origins
    if len(given) > most:
        raise DomainError("too_large", f"At most {most} origins.", {"field": "origins", "limit": most})
    return list(dict.fromkeys(clean_origin(raw) for raw in given))


def clean_origin(raw: str) -> str:
    """`https://host[:port]`, or `https://*.host[:port]`. Plain http only for one's own machine.

    What comes out goes into a header, so nothing but letters, digits, dots, hyphens and a port is let through.
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
        raise invalid(f"{raw!r}: pages without TLS cannot be trusted; use https.", field="origins")
    if host.startswith("*.") and (host[-1].isdigit() or is_public_suffix(host[2:])):
        raise invalid(
            f"{raw!r}: a wildcard needs a domain of one owner, such as *.example.com.", field="origins"
        )
    shown = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{host}{shown}"


def _host(host: str) -> str:
    """The host as it stands in an origin. An IPv6 address has brackets and its shortest spelling."""
    if "%" in host:
        raise ValueError("an address with a zone is good on one machine only")
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    wildcard, bare = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    return wildcard + to_ascii(bare)


def _bad(raw: str) -> DomainError:
    return invalid(f"{raw!r} is not an origin such as https://www.example.com.", field="origins")


def host_origins(origins: Sequence[str], request: HttpRequest) -> list[str]:
    """The business's origins; while developing, also this machine's own, so that the demonstration page works."""
    if not settings.DEBUG:
        return list(origins)
    _, colon, port = request.get_host().rpartition(":")
    shown = f":{port}" if colon and port.isdigit() else ""
    return list(dict.fromkeys([*origins, *(f"http://{name}{shown}" for name in _LOOPBACK)]))
