"""`chat_doctor --url` through a real nginx, with our configuration and with common mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chatsite.doctor import proxy
from tests.harness.backend import Deployment
from tests.harness.services import ServiceMissing, free_port
from tests.proxy.nginx import Nginx

PROXY_CHECKS = {
    "reachable",
    "ready",
    "clock",
    "request_id",
    "host",
    "tls",
    "websocket",
    "own_origin",
    "foreign_origin",
    "polling",
    "polling_upgrade",
    "metrics",
}


def without(line: str) -> Callable[[str], str]:
    def change(configuration: str) -> str:
        assert line in configuration
        return configuration.replace(line, "")

    return change


def examined(observed: Deployment, folder: Path, change: Callable[[str], str]) -> dict[str, str]:
    ports = [urlsplit(server.url).port or 0 for server in observed.servers]
    try:
        nginx = Nginx(folder, ports, change)
    except ServiceMissing as missing:
        pytest.skip(f"NOT TESTED behind nginx: {missing}")
    with nginx:
        return {finding.check.removeprefix("proxy."): finding.level for finding in proxy.examine(nginx.url)}


def test_our_own_configuration(observed: Deployment, tmp_path: Path) -> None:
    found = examined(observed, tmp_path, lambda configuration: configuration)
    assert found == dict.fromkeys(PROXY_CHECKS, "ok") | {"tls": "warn"}  # the test's nginx has no TLS


def test_a_proxy_without_the_upgrade(observed: Deployment, tmp_path: Path) -> None:
    found = examined(observed, tmp_path, without("proxy_set_header Upgrade $http_upgrade;"))
    assert (found["websocket"], found["polling_upgrade"], found["own_origin"]) == ("fail", "fail", "fail")
    assert (found["host"], found["polling"]) == ("ok", "ok")


def test_a_proxy_that_names_another_host(observed: Deployment, tmp_path: Path) -> None:
    def change(configuration: str) -> str:
        return configuration.replace("Host $http_host;", "Host localhost;")

    found = examined(observed, tmp_path, change)
    assert (found["host"], found["own_origin"], found["websocket"]) == ("fail", "fail", "ok")


def test_a_proxy_that_hides_where_pages_come_from(observed: Deployment, tmp_path: Path) -> None:
    def change(configuration: str) -> str:
        return configuration.replace(
            "proxy_http_version 1.1;", 'proxy_http_version 1.1; proxy_set_header Origin "";'
        )

    assert examined(observed, tmp_path, change)["foreign_origin"] == "fail"


def test_a_proxy_without_stickiness(observed: Deployment, tmp_path: Path) -> None:
    def change(configuration: str) -> str:
        return re.sub(r"ip_hash;.*", "", configuration)

    found = examined(observed, tmp_path, change)
    assert found["polling"] == ("ok" if len(observed.servers) == 1 else "fail")


def test_a_proxy_to_nowhere(observed: Deployment, tmp_path: Path) -> None:
    def change(configuration: str) -> str:
        return re.sub(r"server 127\.0\.0\.1:\d+;", f"server 127.0.0.1:{free_port()};", configuration)

    found = examined(observed, tmp_path, change)
    assert found["reachable"] == found["websocket"] == found["polling"] == "fail"
    assert [finding.level for finding in proxy.examine(f"http://127.0.0.1:{free_port()}")] == ["fail"]


def test_a_bad_address() -> None:
    with pytest.raises(ValueError, match="--url must be"):
        list(proxy.examine("chat.example.com"))
