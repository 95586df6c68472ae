"""The site below a path, with a proxy that strips the path and with one that keeps it, on both servers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import socketio

from tests.harness.backend import Deployment
from tests.harness.cast import Stage
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.processes import ROOT
from tests.harness.rest import NO_TLS, RestClient
from tests.harness.servers import ServerKind
from tests.harness.services import free_port

pytestmark = pytest.mark.one_database

ROOT_PATH = "/support"
# The path that the process gets for a request to /support/….
PREFIXES = pytest.mark.parametrize("prefix", ["", ROOT_PATH], ids=["stripped", "left"])
LINKS = re.compile(r'(?:href|src|action)="(/[^"]*)"')


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def below(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("root_path")
    with Deployment.embedded(folder, kind=request.param, ROOT_PATH=ROOT_PATH) as deployment:
        yield Stage.set_up(deployment)


@PREFIXES
async def test_pages_link_below_the_path(below: Stage, prefix: str) -> None:
    url = below.deployment.servers[0].url
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=NO_TLS, timeout=patience(20)) as http:
        page = await http.get(f"{prefix}/sign-in")
        assert page.status_code == 200
        links = LINKS.findall(page.text)
        assert links
        assert [link for link in links if not link.startswith(f"{ROOT_PATH}/")] == []
        static = [link for link in links if link.startswith(f"{ROOT_PATH}/static/")]
        assert static
        for link in static:
            assert (await http.get(prefix + link.removeprefix(ROOT_PATH))).status_code == 200, link
        away = await http.get(f"{prefix}/app")
        assert away.status_code == 302
        assert away.headers["location"].startswith(f"{ROOT_PATH}/sign-in")
        assert (await http.get("/supporters/sign-in")).status_code == 404


@PREFIXES
async def test_pages_of_the_api_link_below_the_path(below: Stage, prefix: str) -> None:
    url = below.deployment.servers[0].url
    async with RestClient(url, below.access["amir"]) as rest:
        first = await rest.get(f"{prefix}/chat/conversations", limit=1)
        assert first["next"] is None or first["next"].startswith(f"{url}{ROOT_PATH}/chat/conversations")
        assert (await rest.get(f"{prefix}/auth/me"))["id"] == below.logins["amir"].user_id


@PREFIXES
async def test_a_native_socket_opens(below: Stage, prefix: str) -> None:
    url = below.deployment.servers[0].url.replace("http", "ws", 1)
    live = await LiveClient.open(f"{url}{prefix}/chat", below.access["amir"])
    await live.call("heartbeat")
    await live.close()


@PREFIXES
@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="-".join)
async def test_socketio_connects(below: Stage, prefix: str, transports: list[str]) -> None:
    client = socketio.AsyncClient(reconnection=False, request_timeout=patience(5))
    await client.connect(
        below.deployment.servers[0].url,
        socketio_path=f"{prefix}/socket.io",
        namespaces=["/chat"],
        auth={"token": below.access["amir"]},
        transports=transports,
        wait_timeout=patience(5),
    )
    assert await client.call("heartbeat", {}, namespace="/chat", timeout=patience(10)) is not None
    await client.disconnect()


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
def test_a_root_path_set_only_for_the_server_is_refused(embedded: Deployment, kind: ServerKind) -> None:
    """Links would miss the path, so the process reports at its start that the setting is missing."""
    command = [sys.executable, "-m", kind, "--port", str(free_port()), "--root-path", ROOT_PATH]
    run = subprocess.run(
        [*command, "chatsite.asgi:application"],
        cwd=ROOT,
        env=embedded.environment,
        capture_output=True,
        text=True,
        timeout=patience(40),
    )
    assert run.returncode != 0
    assert "Set ROOT_PATH=/support in the environment as well." in run.stderr
