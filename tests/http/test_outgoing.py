"""Requests to addresses from users reach no internal network, follow no redirect, and end in time."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from chatsite.errors import DomainError
from chatsite.http import outgoing

pytestmark = pytest.mark.standalone

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]

INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "localhost",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a00:1]",
    "[fe80::1]",
    "[fc00::1]",
    "[ff02::1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a00:1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::]",
    "[2001:db8::1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[fec0::1]",
    "[5f00::1]",
]

Answer = Callable[[socket.socket], None]


class Receiver:
    """A TCP server that treats each connection as a test tells it to, and records what it received."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.received = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            with connection:
                while b"\r\n\r\n" not in self.received:
                    part = connection.recv(65536)
                    if not part:
                        break
                    self.received += part
                try:
                    self._answer(connection)
                except OSError:  # the client has closed, as some tests intend
                    continue


def ok(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Told: yes\r\n\r\nhello")


def redirect(connection: socket.socket) -> None:
    connection.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/inside\r\nContent-Length: 0\r\n\r\n"
    )


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: 1\r\n")
        time.sleep(0.05)


def silent(connection: socket.socket) -> None:
    connection.recv(1)


def reset(connection: socket.socket) -> None:
    connection.close()


def nonsense(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    server = Receiver(request.param)
    yield server
    server.close()


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_on_the_inside_is_refused(host: str, scheme: str, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = []
    url = f"{scheme}://{host}:8443/hook"
    with pytest.raises(DomainError) as refusal:
        outgoing.check_url(url, https_only=False)
    assert refusal.value.code == "invalid"
    with pytest.raises((outgoing.OutgoingRefused, outgoing.OutgoingFailed)):
        outgoing.post(url, b"", {}, https_only=False, seconds=2)


@pytest.mark.parametrize("receiver", [ok], indirect=True)
def test_nothing_reaches_a_server_on_the_inside(receiver: Receiver, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = []
    with pytest.raises(outgoing.OutgoingRefused):
        outgoing.post(f"http://127.0.0.1:{receiver.port}/", b"", {}, https_only=False)
    assert receiver.connections == 0


@pytest.mark.parametrize("receiver", [ok], indirect=True)
def test_a_name_that_changes_its_address_is_refused(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = []
    answers = iter(["93.184.215.14", "127.0.0.1"])

    def resolve(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://rebinding.example:{receiver.port}/"
    outgoing.check_url(url, https_only=False)
    with pytest.raises(outgoing.OutgoingRefused):
        outgoing.post(url, b"", {}, https_only=False)
    assert receiver.connections == 0


@pytest.mark.parametrize("receiver", [ok], indirect=True)
def test_an_allowed_network_is_reached(receiver: Receiver, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = LOOPBACK
    url = f"http://127.0.0.1:{receiver.port}/hook?x=1"
    outgoing.check_url(url, https_only=False)
    answer = outgoing.post(url, b"{}", {"Content-Type": "application/json"}, https_only=False)
    assert (answer.status, answer.body, answer.headers["x-told"]) == (200, b"hello", "yes")
    assert receiver.received.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in receiver.received


@pytest.mark.parametrize("receiver", [redirect], indirect=True)
def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = LOOPBACK
    answer = outgoing.post(f"http://127.0.0.1:{receiver.port}/", b"", {}, https_only=False)
    assert answer.status == 302
    assert receiver.connections == 1


@pytest.mark.parametrize("receiver", [endless], indirect=True)
def test_an_endless_answer_is_cut(receiver: Receiver, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = LOOPBACK
    answer = outgoing.post(f"http://127.0.0.1:{receiver.port}/", b"", {}, https_only=False)
    assert len(answer.body) == outgoing.ANSWER_BYTES


@pytest.mark.parametrize("receiver", [drip, silent], indirect=True)
def test_a_slow_answer_ends_with_the_time(receiver: Receiver, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = LOOPBACK
    began = time.monotonic()
    with pytest.raises(outgoing.OutgoingFailed):
        outgoing.post(f"http://127.0.0.1:{receiver.port}/", b"", {}, https_only=False, seconds=0.5)
    assert time.monotonic() - began < 10  # each of the receiver's bytes came in time; the whole did not


@pytest.mark.parametrize("receiver", [reset, nonsense], indirect=True)
def test_a_broken_answer_is_a_failure(receiver: Receiver, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = LOOPBACK
    with pytest.raises(outgoing.OutgoingFailed):
        outgoing.post(f"http://127.0.0.1:{receiver.port}/", b"", {}, https_only=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "//example.com/",
        "https://user:secret@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://example.com/\x00",
        "https://exämple.com/",
        "https://[::1",
        "http://example.com/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_an_address_without_https_is_invalid(url: str) -> None:
    with pytest.raises(DomainError) as refusal:
        outgoing.check_url(url, https_only=True)
    assert refusal.value.code == "invalid"


def test_a_name_that_does_not_exist_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*rest: Any, **more: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(DomainError) as refusal:
        outgoing.check_url("https://nowhere.example/", https_only=True)
    assert refusal.value.code == "invalid"


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_reachable(address: str, settings: Settings) -> None:
    settings.OUTGOING_ALLOW_NETWORKS = []
    assert outgoing.is_reachable(ipaddress.ip_address(address))
