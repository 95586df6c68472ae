"""`GET /metrics`, for Prometheus.

Django does not serve it. A scraper reaches a process by its address, which is not in ALLOWED_HOSTS, and metrics are
needed most when requests hang. METRICS_TOKEN or METRICS_NETWORKS opens it; otherwise it answers 404, as any unknown
address does. METRICS_NETWORKS admits direct connections only. A request through a proxy comes from the proxy's address,
so it needs the token.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from ipaddress import IPv6Address, ip_address
from typing import Any

from django.conf import settings
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from chatsite.observability.metrics.instruments import instruments

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

PATHS = ("/metrics", "/metrics/")
PROXIED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")


class ChatCollector(Collector):
    """Collect the chat's metrics of this process. A host project can register it in its own registry.

    A metric that cannot be read is logged and left out.
    """

    def collect(self) -> Iterator[Metric]:
        for instrument in list(instruments):
            try:
                yield instrument.family()
            except Exception:
                logger.exception("the metric %s cannot be read", instrument.name)


def new_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ChatCollector())
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


class WithMetrics:
    """Answer `/metrics`, and pass everything else to `application`."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self._registry = new_registry()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"] in PATHS and may_scrape(scope):
            return self._answer(scope, send)
        other: Awaitable[None] = self.application(scope, receive, send)
        return other

    async def _answer(self, scope: Scope, send: Send) -> None:
        accepted = _header(scope, b"accept")
        encode, content_type = choose_encoder(accepted)
        body = encode(self._registry) if scope["method"] in {"GET", "HEAD"} else b""
        status = 200 if body else 405
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def may_scrape(scope: Scope) -> bool:
    """Return whether the request has the token, or comes directly from one of the networks."""
    scheme, _, token = _header(scope, b"authorization").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    if any(name in PROXIED for name, _ in scope["headers"]):
        return False
    try:
        peer = ip_address((scope.get("client") or ("", 0))[0])
    except ValueError:  # a Unix socket has no address
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in settings.METRICS_NETWORKS)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
