"""The way in, as a client takes it: through the proxy, with a real WebSocket upgrade and real long polling.

What arrives behind the proxy is read off the AsyncAPI document, in which the site names the host and the scheme that it
believes it is reached by.
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
from chatsite.doctor.findings import Finding, fail, judged, ok, warn

SECONDS: Final = 10
POLLS: Final = (
    5  # new connections with one sid; without stickiness the chance to find its process each time is small
)
REQUEST_ID: Final = "chat-doctor-was-here"
PONG: Final = "3"  # a packet that a client may always send
FOREIGN: Final = "https://not-your-site.invalid"
NGINX: Final = "See deploy/nginx.conf."


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    headers: dict[str, str]


class Way:
    """Requests to one base URL, each over a connection of its own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError(f"--url must be http(s)://HOST, not {url!r}")
        self.secure = parts.scheme == "https"
        self.host = parts.netloc.lower()
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.live_url = f"{'wss' if self.secure else 'ws'}://{parts.netloc}"
        self._opener = build_opener(ProxyHandler({}))  # the environment's proxies are not the site's

    def ask(self, path: str, body: str | None = None) -> Answer:
        data = None if body is None else body.encode()
        headers = {"X-Request-ID": REQUEST_ID, "Content-Type": "text/plain;charset=UTF-8"}
        request = Request(self.url + path, data=data, headers=headers)
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return Answer(answer.status, answer.read().decode(), _lowered(answer.headers))
        except HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(errors="replace"), _lowered(error.headers))


def _lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def examine(url: str) -> Iterator[Finding]:
    way = Way(url)
    try:
        alive = way.ask("/healthz")
    except (OSError, HTTPException) as error:
        yield fail(
            "proxy.reachable", f"{url}: {error}", "Check the name, the port, the certificate and the proxy."
        )
        return
    broken = fail(
        "proxy.reachable", f"/healthz answered {alive.status}", "Check ALLOWED_HOSTS and the upstreams."
    )
    yield judged("proxy.reachable", alive.status == 200, f"{url} answers", broken)
    yield from _ready(way)
    if "date" in alive.headers:
        skew = (
            parsedate_to_datetime(alive.headers["date"]).timestamp() + 0.5 - time.time()
        )  # it has no fractions
        yield skew_finding("proxy.clock", skew, "the proxy's")
    yield from _what_arrives(way, alive)
    yield from _upgrade(way)
    yield from _origins(way)
    yield from _polling(way)
    metrics = way.ask("/metrics")
    open_to_all = fail(
        "proxy.metrics", "/metrics is open to the world", "Set METRICS_TOKEN; narrow METRICS_NETWORKS."
    )
    yield judged("proxy.metrics", metrics.status != 200, "/metrics is closed from here", open_to_all)


def _ready(way: Way) -> Iterator[Finding]:
    answer = way.ask("/readyz")
    text = f"/readyz answered {answer.status}: {answer.body[:200]}"
    advice = "The process behind the proxy cannot reach its database, or the channel layer is away."
    bad = fail("proxy.ready", text, advice) if answer.status != 200 else warn("proxy.ready", text, advice)
    yield judged(
        "proxy.ready", answer.status == 200 and '"layer": "ok"' in answer.body, "ready to serve", bad
    )


def _what_arrives(way: Way, alive: Answer) -> Iterator[Finding]:
    kept = alive.headers.get("x-request-id") == REQUEST_ID
    lost = warn(
        "proxy.request_id",
        "X-Request-ID does not come back",
        "Let the proxy pass it on, to follow a request.",
    )
    yield judged("proxy.request_id", kept, "X-Request-ID goes through", lost)
    answer = way.ask("/api/asyncapi.json")
    if answer.status != 200:
        yield fail(
            "proxy.host", f"/api/asyncapi.json answered {answer.status}", "Send every path to the site."
        )
        return
    server = json.loads(answer.body)["servers"]["native"]
    told = server["host"].lower()
    wrong = fail(
        "proxy.host",
        f"the site believes to be {told}, not {way.host}",
        "Pass the Host header with its port (nginx: proxy_set_header Host $http_host): origins are compared with it.",
    )
    yield judged("proxy.host", told == way.host, f"Host arrives as {told}", wrong)
    if not way.secure:
        yield warn("proxy.tls", "this address is plain HTTP", "Serve people over https alone.")
        return
    plain = fail(
        "proxy.tls",
        "the site believes to be reached over plain HTTP",
        "Let the proxy set X-Forwarded-Proto, and set TRUST_PROXY_TLS=1.",
    )
    yield judged("proxy.tls", server["protocol"] == "wss", "TLS in front is known behind", plain)


def _upgrade(way: Way) -> Iterator[Finding]:
    name = "proxy.websocket"
    try:
        with connect(f"{way.live_url}/chat", open_timeout=SECONDS, proxy=None) as socket:
            socket.send(json.dumps({"event": "heartbeat", "ref": "doctor"}))
            said = json.loads(socket.recv(timeout=SECONDS))
    except (OSError, WebSocketException, ValueError) as error:
        advice = f"Pass Upgrade and Connection on, with HTTP/1.1 to the site. {NGINX}"
        yield fail(name, f"no WebSocket: {error}", advice)
        return
    answered = said.get("event") == "error" and said.get("ref") == "doctor"
    odd = fail(name, f"something else answers: {said}", "Send /chat to the site.")
    yield judged(name, answered, "the upgrade works, frames go both ways", odd)


def _origins(way: Way) -> Iterator[Finding]:
    """A browser on our own page must get in by its cookie, one on a foreign page must not connect at all."""
    own = way.url
    yield judged(
        "proxy.own_origin",
        _opens(way, own),
        f"pages of {own} may connect",
        fail(
            "proxy.own_origin", f"pages of {own} are refused", f"Host or X-Forwarded-Proto gets lost. {NGINX}"
        ),
    )
    yield judged(
        "proxy.foreign_origin",
        not _opens(way, FOREIGN),
        "foreign pages are refused",
        fail(
            "proxy.foreign_origin",
            "foreign pages may connect",
            "The proxy strips or rewrites Origin; let it be.",
        ),
    )


def _opens(way: Way, page: str) -> bool:
    try:
        with connect(f"{way.live_url}/chat", origin=Origin(page), open_timeout=SECONDS, proxy=None):
            return True
    except InvalidHandshake:
        return False


def _polling(way: Way) -> Iterator[Finding]:
    name = "proxy.polling"
    opened = way.ask("/socket.io/?EIO=4&transport=polling")
    if opened.status != 200 or not opened.body.startswith("0{"):
        yield fail(
            name,
            f"/socket.io/ answered {opened.status}: {opened.body[:80]!r}",
            "Send /socket.io/ to the site.",
        )
        return
    sid = json.loads(opened.body[1:])["sid"]
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    statuses = [way.ask(path, PONG).status for _ in range(POLLS)]
    if statuses != [200] * POLLS:
        advice = (
            f"Keep a client of /socket.io/ on one process (nginx: ip_hash), or offer WebSocket only. {NGINX}"
        )
        yield fail(name, f"polls of one client do not stay with its process: {statuses}", advice)
        return
    yield ok(name, "long polling stays with its process")
    yield from _polling_upgrade(way, sid)


def _polling_upgrade(way: Way, sid: str) -> Iterator[Finding]:
    name = "proxy.polling_upgrade"
    url = f"{way.live_url}/socket.io/?EIO=4&transport=websocket&sid={sid}"
    advice = f"The upgrade must reach the process of its polling. {NGINX}"
    try:
        with connect(url, open_timeout=SECONDS, proxy=None) as socket:
            socket.send("2probe")
            said = socket.recv(timeout=SECONDS)
    except (OSError, InvalidStatus, WebSocketException) as error:
        yield fail(name, f"long polling cannot upgrade: {error}", advice)
        return
    odd = fail(name, f"the probe was answered with {said!r}", advice)
    yield judged(name, said == "3probe", "long polling upgrades to WebSocket", odd)
