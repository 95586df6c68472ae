"""The client for requests to addresses that users enter, such as those of webhooks and push services.

Such an address may lead into the internal network: by its name, by a DNS answer that changes between the check and the
connection, by an IPv6 form of an IPv4 address, or by a redirect. So the client resolves the name itself, connects to
the checked address, follows no redirects, ignores proxy settings, and limits the time and size of the exchange.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
import ssl
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpcore
from django.conf import settings

from chatsite.errors import invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

URL_LENGTH: Final = 2000  # characters
SECONDS: Final = 15.0  # for the whole exchange
ANSWER_BYTES: Final = 64 * 1024  # of an answer's body; the rest is not read
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# `is_global` also accepts networks that may be internal, such as fec0::/10 and 64:ff9b:1::/48.
GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")


class OutgoingRefused(Exception):
    """The address leads to a network that requests must not reach."""


class OutgoingFailed(Exception):
    """The exchange failed: there was no connection, it broke, the answer was bad, or it took too long."""


@dataclass(frozen=True, slots=True)
class OutgoingResponse:
    """An HTTP answer. Header names are in lower case; `body` ends after `ANSWER_BYTES`."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_url(url: str, *, https_only: bool) -> None:
    """Raise `invalid` for an address that no request may go to. Resolves the name."""
    parts = _split(url, https_only=https_only)
    assert parts.hostname is not None
    try:
        allowed_addresses(parts.hostname, _port(parts))
    except OutgoingRefused as error:
        raise invalid("The address is in a network that this site must not call.", field="url") from error
    except OSError as error:
        raise invalid("The host name of the address cannot be found.", field="url") from error


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, https_only: bool = True, seconds: float = SECONDS
) -> OutgoingResponse:
    """Send one POST request.

    Raises `OutgoingRefused` for an internal address, and `OutgoingFailed` for network errors. An answer with an error
    status is returned like any other.
    """
    _split(url, https_only=https_only)
    deadline = monotonic() + seconds
    pool = httpcore.ConnectionPool(
        ssl_context=tls_context(), max_connections=1, network_backend=_CheckedBackend(deadline)
    )
    try:
        with pool, pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
            return OutgoingResponse(response.status, _plain(response.headers), _read(response.iter_stream()))
    except OutgoingRefused:
        raise
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        raise OutgoingFailed(f"{type(error).__name__}: {error}") from error


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Create the context once, because reading all authorities' certificates takes longer than most requests."""
    return ssl.create_default_context()


def is_reachable(address: Address) -> bool:
    """Return whether an address is public, or in one of `OUTGOING_ALLOW_NETWORKS`."""
    candidates = [address, *_embedded(address)]
    allowed: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network] = settings.OUTGOING_ALLOW_NETWORKS
    if any(candidate in network for candidate in candidates for network in allowed):
        return True
    return all(map(_is_public, candidates))


def _is_public(address: Address) -> bool:
    is_plain = isinstance(address, ipaddress.IPv4Address) or address.ipv4_mapped is not None
    is_of_the_internet = is_plain or address in GLOBAL_UNICAST or address in NAT64
    return is_of_the_internet and address.is_global and not address.is_multicast


def allowed_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host that requests may use.

    Raise `OutgoingRefused` if there is none, and `OSError` if the name cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is not a host name") from error
    addresses = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    reachable = [text for text in addresses if is_reachable(ipaddress.ip_address(text))]
    if not reachable:
        raise OutgoingRefused(f"{host} resolves to no public address")
    return reachable


def _embedded(address: Address) -> list[Address]:
    """Return the IPv4 addresses in an IPv6 address: mapped, 6to4, Teredo and NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in carried if one is not None]


def _split(url: str, *, https_only: bool) -> SplitResult:
    """Return the parts of a valid URL. Raise `invalid` for others."""
    if len(url) > URL_LENGTH or not url.isascii() or any(character <= " " for character in url):
        raise invalid(
            "The address must be ASCII, without spaces, and at most 2000 characters long.", field="url"
        )
    try:
        parts = urlsplit(url)
        port = _port(parts)
    except ValueError as error:
        raise invalid("The address is not a valid URL.", field="url") from error
    schemes = {"https"} if https_only else {"https", "http"}
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise invalid(
            f"The address must begin with {' or '.join(sorted(schemes))}:// and a host name.", field="url"
        )
    if parts.username is not None or parts.password is not None:
        raise invalid("The address must not contain a user name or a password.", field="url")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else 443 if parts.scheme == "https" else 80


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _read(parts: Iterable[bytes]) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) >= ANSWER_BYTES:
            break
    return bytes(body[:ANSWER_BYTES])


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only, and limits every operation to the remaining time."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: typing.Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = OutgoingFailed("no address")
        for address in allowed_addresses(host, port):
            try:
                stream = self._backend.connect_tcp(
                    address, port, _left(self._deadline), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _TimedStream(stream, self._deadline)
        raise failure


class _TimedStream(httpcore.NetworkStream):
    """A stream with one deadline for all operations."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises `ReadTimeout` once it has passed."""
    left = deadline - monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the exchange took too long")
    return left
