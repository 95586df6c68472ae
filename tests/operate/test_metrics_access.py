"""`/metrics` is open to clients with the token or in a listed network. All others get `not_found`."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from chatsite.observability.metrics.endpoint import may_scrape
from tests.harness.backend import Deployment
from tests.harness.patience import patience
from tests.operate.reading import TOKEN


def scope(client: str = "127.0.0.1", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (client, 1), "headers": pairs}


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_nobody_without_the_token(observed: Deployment, path: str) -> None:
    url = observed.server(0).url + path
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        answer = httpx.get(url, headers=headers, trust_env=False, timeout=patience(5))
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"
    answer = httpx.get(
        url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=patience(5)
    )
    assert answer.status_code == 200


def test_a_scraper_may_use_any_host_name_and_format(observed: Deployment) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "10.1.2.3:8000"}
    url = f"{observed.server(0).url}/metrics"
    assert httpx.head(url, headers=headers, trust_env=False, timeout=patience(5)).text == ""
    assert httpx.post(url, headers=headers, trust_env=False, timeout=patience(5)).status_code == 405
    openmetrics = {**headers, "Accept": "application/openmetrics-text;version=1.0.0"}
    answer = httpx.get(url, headers=openmetrics, trust_env=False, timeout=patience(5))
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_closed_unless_opened(settings: Settings) -> None:
    settings.METRICS_TOKEN, settings.METRICS_NETWORKS = "", []
    assert not may_scrape(scope())
    assert not may_scrape(scope(authorization="Bearer "))


def test_networks_are_of_direct_peers(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    settings.METRICS_NETWORKS = [ip_network("10.0.0.0/8"), ip_network("::1")]
    assert may_scrape(scope("10.9.8.7"))
    assert may_scrape(scope("::ffff:10.9.8.7"))
    assert may_scrape(scope("::1"))
    assert not may_scrape(scope("11.0.0.1"))
    assert not may_scrape(scope(""))
    assert not may_scrape({"client": None, "headers": []})
    # A proxy in the network forwards requests from everywhere.
    assert not may_scrape(scope("10.9.8.7", x_forwarded_for="10.1.1.1"))
    assert not may_scrape(scope("10.9.8.7", forwarded="for=10.1.1.1"))
