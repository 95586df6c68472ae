"""The first and the second load of a conversation's page, in Chromium on slow networks, through the shipped nginx.

nginx ends TLS and speaks HTTP/2, as `deploy/nginx.conf` says. The site runs as in production, on SQLite. A page is
live when its WebSocket has brought the first frame. `later` has the bytes of the parts that it fetches when it has
nothing else to do; they are not part of the first load.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from bench.bars import Bar
from bench.services import BenchFailed
from tests.harness.backend import Deployment
from tests.proxy.nginx import Nginx

Figures = dict[str, Any]


class Certificate(NamedTuple):
    chain: Path
    key: Path
    fingerprint: str  # by which Chromium trusts it; without trust it caches nothing


class Target(NamedTuple):
    """What is measured: the site, the visitors' sessions by their names, a conversation, and the certificate's key."""

    url: str
    sessions: dict[str, str]
    conversation: str
    fingerprint: str


# Kilobits a second, and milliseconds from a request to the first byte of its answer.
NETWORKS: Final = {"slow 3G": (400, 400), "fast 3G": (1_600, 150)}
SETTLED: Final = 2.0  # seconds
LIVE_SECONDS: Final = {"slow 3G": 4.5, "fast 3G": 1.6}
PRODUCTION: Final = {
    "DEBUG": "0",
    "TRUST_PROXY_TLS": "1",
    "HSTS_SECONDS": "0",
    "LOG_LEVEL": "warning",
}
PEOPLE: Final = {"customer": "carol", "member": "olivia"}
SESSIONS: Final = """
from django.contrib.auth import get_user_model
from django.test import Client
from conversations.models import Conversation
for name in {names!r}:
    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    print("session", client.session.session_key)
talk = Conversation.objects.filter(customer__username={names!r}[0]).order_by("-last_seq").first()
print("conversation", talk.pk)
"""


def measure() -> Figures:
    """Return for a customer and a member, by network: the seconds until the page is live, requests and bytes.

    Each is measured for a cold and a warm load.
    """
    with tempfile.TemporaryDirectory() as name, _site(Path(name)) as target:
        return asyncio.run(_measure_all(target))


@contextmanager
def _site(folder: Path) -> Iterator[Target]:
    settings = {**PRODUCTION, "STATIC_ROOT": str(folder / "static")}
    deployment = Deployment.embedded(folder, kind="uvicorn", **settings)
    deployment.manage("collectstatic", "--noinput", "--verbosity", "0")
    certificate = _certificate(folder)
    with deployment:
        deployment.manage("demo", "--force")
        names = list(PEOPLE.values())
        printed = deployment.shell(SESSIONS.format(names=names)).splitlines()
        found = [line.split() for line in printed if line.startswith(("session ", "conversation "))]
        sessions = dict(zip(PEOPLE, (value for _, value in found), strict=False))
        with Nginx(folder, [deployment.server(0).port], lambda chat: _with_tls(chat, certificate)) as nginx:
            url = nginx.url.replace("http:", "https:")
            yield Target(url, sessions, found[-1][1], certificate.fingerprint)


def _certificate(folder: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = builder.sign(key, hashes.SHA256())
    certificate = Certificate(folder / "site.crt", folder / "site.key", _fingerprint(key))
    certificate.chain.write_bytes(signed.public_bytes(Encoding.PEM))
    certificate.key.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate


def _fingerprint(key: ec.EllipticCurvePrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(public).digest()).decode()


def _with_tls(configuration: str, certificate: Certificate) -> str:
    """Turn on TLS in the configuration, as its comment says."""
    files = f"ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.key};"
    start, listen, rest = configuration.partition("listen 127.0.0.1:")
    port, _, rest = rest.partition(";")
    return f"{start}{listen}{port} ssl http2; {files}{rest}"


async def _measure_all(target: Target) -> Figures:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        flags = [
            "--no-sandbox",
            "--disable-gpu",
            f"--ignore-certificate-errors-spki-list={target.fingerprint}",
        ]
        browser = await playwright.chromium.launch(executable_path=program, args=flags)
        figures = {
            person: {name: await _measure_network(browser, name, target, session) for name in NETWORKS}
            for person, session in target.sessions.items()
        }
        await browser.close()
    return figures


async def _measure_network(browser: Browser, name: str, target: Target, session: str) -> Figures:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    await context.add_cookies([{"name": "sessionid", "value": session, "url": target.url, "secure": True}])
    found = {}
    for visit in ("cold", "warm"):
        page = await context.new_page()
        found[visit] = await _load(page, name, f"{target.url}/app/c/{target.conversation}")
        await page.close()
    await context.close()
    return found


async def _load(page: Page, network: str, url: str) -> Figures:
    devtools = await page.context.new_cdp_session(page)
    traffic = Traffic(devtools)
    await _slow_down(devtools, *NETWORKS[network])
    live = asyncio.Event()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda _: live.set()))
    began = time.monotonic()
    await page.goto(url, wait_until="commit", timeout=60_000)
    try:
        await asyncio.wait_for(live.wait(), 60)
    except TimeoutError as error:
        raise BenchFailed(f"the page was not live after a minute on {network}") from error
    seconds = time.monotonic() - began
    await page.wait_for_load_state("networkidle")
    await asyncio.sleep(SETTLED)  # the requests that the page sends once its socket is open
    first = traffic.figures()
    await page.locator("html[data-parts=ready]").wait_for(state="attached", timeout=60_000)
    return {"seconds": round(seconds, 2), **first, "later": traffic.figures()["bytes"] - first["bytes"]}


async def _slow_down(devtools: CDPSession, kilobits: int, latency: int) -> None:
    await devtools.send("Network.enable")
    bytes_a_second = kilobits * 1000 / 8
    limits = {"latency": latency, "downloadThroughput": bytes_a_second, "uploadThroughput": bytes_a_second}
    await devtools.send("Network.emulateNetworkConditions", {"offline": False, **limits})


class Traffic:
    """The requests of a page that leave the browser. Those that its cache answers do not."""

    def __init__(self, devtools: CDPSession) -> None:
        self._addresses: dict[str, str] = {}
        self._sizes: dict[str, float] = {}
        devtools.on("Network.requestWillBeSent", self._begin)
        devtools.on("Network.requestServedFromCache", self._take_back)
        devtools.on("Network.loadingFinished", self._end)

    def figures(self) -> Figures:
        sent = [key for key in self._addresses if self._sizes.get(key)]
        return {
            "requests": len(sent),
            "bytes": round(sum(self._sizes[key] for key in sent)),
            "addresses": sorted(self._addresses[key].split("/", 3)[-1] for key in sent),
        }

    def _begin(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self._addresses[event["requestId"]] = event["request"]["url"]

    def _take_back(self, event: dict[str, Any]) -> None:
        self._addresses.pop(event["requestId"], None)

    def _end(self, event: dict[str, Any]) -> None:
        self._sizes[event["requestId"]] = event["encodedDataLength"]


def bars(figures: Figures) -> Iterator[Bar]:
    for person, found in figures.items():
        for network, most in LIVE_SECONDS.items():
            seconds = found[network]["cold"]["seconds"]
            yield Bar(f"a {person}'s page is live on {network}", seconds, most=most, unit="s")
        cold, warm = (found["slow 3G"][visit] for visit in ("cold", "warm"))
        yield Bar(f"requests of a {person}'s first load", cold["requests"], most=12)
        yield Bar(f"bytes of a {person}'s first load", cold["bytes"] / 1024, most=110, unit="KiB")
        yield Bar(f"requests of a {person}'s second load", warm["requests"], most=3)
