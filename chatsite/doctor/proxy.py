"""Checks of the proxy, as a client meets it: a real WebSocket upgrade, and real long polling.

The AsyncAPI document contains the host and the scheme that the site sees behind the proxy.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from chatsite.doctor.database import skew_finding
from chatsite.doctor.findings import Finding, fail, ok, ok_if, warn

SECONDS: Final = 10
# New connections with one sid. Without sticky sessions, hardly ever do all of them reach the same process.
POLLS: Final = 5
REQUEST_ID: Final = "chat-doctor-request"
PONG: Final = "3"  # a packet that a client may send at any time
FOREIGN_ORIGIN: Final = "https://not-your-site.invalid"
NGINX: Final = "See deploy/nginx.conf."


@dataclass(frozen=True)
class Response:
    status: int
    body: str
    headers: dict[str, str]


class ProxiedSite:
    """Sends requests to one base URL, each over its own connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError(f"--url must be http(s)://HOST, but is {url!r}")
        self.secure = parts.scheme == "https"
        self.host = parts.netloc.lower()
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.live_url = f"{'wss' if self.secure else 'ws'}://{parts.netloc}"
        self._opener = build_opener(ProxyHandler({}))  # ignores the proxies of the environment

    def request(self, path: str, body: str | None = None) -> Response:
        data = None if body is None else body.encode()
        headers = {"X-Request-ID": REQUEST_ID, "Content-Type": "text/plain;charset=UTF-8"}
        request = Request(self.url + path, data=data, headers=headers)
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return Response(answer.status, answer.read().decode(), _lowered(answer.headers))
        except HTTPError as error:
            with error:
                return Response(error.code, error.read().decode(errors="replace"), _lowered(error.headers))


def _lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def examine(url: str) -> Iterator[Finding]:
    site = ProxiedSite(url)
    try:
        alive = site.request("/healthz")
    except (OSError, HTTPException) as error:
        advice = "Check the name, the port, the certificate and the proxy."
        yield fail("proxy.reachable", f"{url}: {error}", advice)
        return
    broken = fail(
        "proxy.reachable", f"/healthz answered {alive.status}.", "Check ALLOWED_HOSTS and the upstreams."
    )
    yield ok_if(alive.status == 200, "proxy.reachable", f"{url} answers.", broken)
    yield from _ready(site)
    if "date" in alive.headers:
        answered = (
            parsedate_to_datetime(alive.headers["date"]).timestamp() + 0.5
        )  # the header has whole seconds
        yield skew_finding("proxy.clock", answered - time.time(), "The clock of the proxy")
    yield from _headers(site, alive)
    yield from _upgrade(site)
    yield from _origins(site)
    yield from _polling(site)
    metrics = site.request("/metrics")
    is_open = fail(
        "proxy.metrics", "Anybody can read /metrics.", "Set METRICS_TOKEN, or fewer METRICS_NETWORKS."
    )
    yield ok_if(metrics.status != 200, "proxy.metrics", "/metrics is closed.", is_open)


def _ready(site: ProxiedSite) -> Iterator[Finding]:
    answer = site.request("/readyz")
    text = f"/readyz answered {answer.status}: {answer.body[:200]}"
    advice = "The process behind the proxy cannot reach its database or its channel layer."
    bad = fail("proxy.ready", text, advice) if answer.status != 200 else warn("proxy.ready", text, advice)
    is_ready = answer.status == 200 and '"layer": "ok"' in answer.body
    yield ok_if(is_ready, "proxy.ready", "The process is ready.", bad)


def _headers(site: ProxiedSite, alive: Response) -> Iterator[Finding]:
    """Check that the request's id, host and scheme arrive behind the proxy."""
    is_returned = alive.headers.get("x-request-id") == REQUEST_ID
    lost = warn(
        "proxy.request_id",
        "The answer does not have the X-Request-ID of the request.",
        "Let the proxy pass on X-Request-ID, so that you can find a request in the logs.",
    )
    yield ok_if(is_returned, "proxy.request_id", "X-Request-ID reaches the site.", lost)
    answer = site.request("/api/asyncapi.json")
    if answer.status != 200:
        text = f"/api/asyncapi.json answered {answer.status}."
        yield fail("proxy.host", text, "Send every path to the site.")
        return
    server = json.loads(answer.body)["servers"]["native"]
    host = server["host"].lower()
    wrong = fail(
        "proxy.host",
        f"The site receives the host {host} instead of {site.host}.",
        "Pass the Host header with its port (nginx: proxy_set_header Host $http_host). Origin checks need it.",
    )
    yield ok_if(host == site.host, "proxy.host", f"The site receives the host {host}.", wrong)
    if not site.secure:
        yield warn("proxy.tls", "This address is plain HTTP.", "Serve people over https only.")
        return
    plain = fail(
        "proxy.tls",
        "The site mistakes TLS requests for plain HTTP.",
        "Let the proxy set X-Forwarded-Proto, and set TRUST_PROXY_TLS=1.",
    )
    yield ok_if(server["protocol"] == "wss", "proxy.tls", "The site recognises TLS.", plain)


def _upgrade(site: ProxiedSite) -> Iterator[Finding]:
    name = "proxy.websocket"
    try:
        with connect(f"{site.live_url}/chat", open_timeout=SECONDS, proxy=None) as socket:
            socket.send(json.dumps({"event": "heartbeat", "ref": "doctor"}))
            frame = json.loads(socket.recv(timeout=SECONDS))
    except (OSError, WebSocketException, ValueError) as error:
        advice = f"Pass Upgrade and Connection on, with HTTP/1.1 to the site. {NGINX}"
        yield fail(name, f"No WebSocket: {error}", advice)
        return
    is_ours = frame.get("event") == "error" and frame.get("ref") == "doctor"
    other = fail(name, f"Another server answers: {frame}", "Send /chat to the site.")
    yield ok_if(is_ours, name, "The upgrade works, and frames pass in both directions.", other)


def _origins(site: ProxiedSite) -> Iterator[Finding]:
    """Pages of the site itself may connect, and pages of other origins may not."""
    own, foreign = "proxy.own_origin", "proxy.foreign_origin"
    refused = fail(
        own, f"Pages of {site.url} cannot connect.", f"The proxy loses Host or X-Forwarded-Proto. {NGINX}"
    )
    yield ok_if(_can_connect(site, site.url), own, f"Pages of {site.url} can connect.", refused)
    accepted = fail(
        foreign, "Pages of other sites can connect.", "Configure the proxy to pass Origin on unchanged."
    )
    is_refused = not _can_connect(site, FOREIGN_ORIGIN)
    yield ok_if(is_refused, foreign, "Pages of other sites cannot connect.", accepted)


def _can_connect(site: ProxiedSite, origin: str) -> bool:
    try:
        with connect(f"{site.live_url}/chat", origin=Origin(origin), open_timeout=SECONDS, proxy=None):
            return True
    except InvalidHandshake:
        return False


def _polling(site: ProxiedSite) -> Iterator[Finding]:
    name = "proxy.polling"
    opened = site.request("/socket.io/?EIO=4&transport=polling")
    if opened.status != 200 or not opened.body.startswith("0{"):
        yield fail(
            name,
            f"/socket.io/ answered {opened.status}: {opened.body[:80]!r}.",
            "Send /socket.io/ to the site.",
        )
        return
    sid = json.loads(opened.body[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    statuses = [site.request(path, PONG).status for _ in range(POLLS)]
    if statuses != [200] * POLLS:
        advice = (
            f"Keep a client of /socket.io/ on one process (nginx: ip_hash), or offer WebSocket only. {NGINX}"
        )
        yield fail(name, f"Polls of one client reach different processes: {statuses}", advice)
        return
    yield ok(name, "All polls of a client reach the same process.")
    yield from _polling_upgrade(site, sid)


def _polling_upgrade(site: ProxiedSite, sid: str) -> Iterator[Finding]:
    name = "proxy.polling_upgrade"
    url = f"{site.live_url}/socket.io/?EIO=4&transport=websocket&sid={sid}"
    advice = f"The upgrade must reach the same process as the polls. {NGINX}"
    try:
        with connect(url, open_timeout=SECONDS, proxy=None) as socket:
            socket.send("2probe")
            packet = socket.recv(timeout=SECONDS)
    except (OSError, InvalidStatus, WebSocketException) as error:
        yield fail(name, f"Long polling cannot upgrade: {error}", advice)
        return
    other = fail(name, f"The probe was answered with {packet!r}.", advice)
    yield ok_if(packet == "3probe", name, "Long polling can upgrade to WebSocket.", other)
