"""Which pages may show a business's widget: web origins, and all the subdomains of one host."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

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
        scheme, host, port = parts.scheme.lower(), _ascii(parts.hostname or ""), parts.port
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    except ValueError as error:
        raise _bad(raw) from error
    if extra or scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or len(host) > 253:
        raise _bad(raw)
    if scheme == "http" and host not in _LOOPBACK:
        raise invalid(f"{raw!r}: pages without TLS cannot be trusted; use https.", field="origins")
    if host.startswith("*.") and (host.count(".") < 2 or host[-1].isdigit()):
        raise invalid(f"{raw!r}: a wildcard stands before a domain of two parts or more.", field="origins")
    shown = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{host}{shown}"


def _ascii(host: str) -> str:
    """The host in lower case, as it stands in an origin: 'xn--…' where it has other letters than English ones."""
    if host.isascii():
        return host.lower()
    start, bare = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    return start + bare.encode("idna").decode("ascii").lower()


def _bad(raw: str) -> DomainError:
    return invalid(f"{raw!r} is not an origin such as https://www.example.com.", field="origins")


def frame_ancestors(origins: Sequence[str]) -> str:
    """The value of the directive of that name."""
    return " ".join(origins) or "'none'"


def host_origins(origins: Sequence[str], request: HttpRequest) -> list[str]:
    """The business's origins; while developing, also this machine's own, so that the demonstration page works."""
    if not settings.DEBUG:
        return list(origins)
    _, colon, port = request.get_host().rpartition(":")
    shown = f":{port}" if colon and port.isdigit() else ""
    return list(dict.fromkeys([*origins, *(f"http://{name}{shown}" for name in _LOOPBACK)]))
