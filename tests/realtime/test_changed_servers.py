"""A server release without a private name costs speed and causes one warning, but closes no socket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from chatsite.realtime.servers import daphne, sockets, uvicorn
from chatsite.realtime.servers.shape_check import ServerChanged

pytestmark = pytest.mark.standalone


@pytest.fixture(autouse=True)
def _checked_anew() -> Iterator[None]:
    sockets._finder.cache_clear()
    yield
    sockets._finder.cache_clear()


def test_the_installed_servers_have_every_name() -> None:
    uvicorn.check_names()
    daphne.check_names()


@pytest.mark.parametrize(
    ("module", "names"), [(uvicorn, "NAMES"), (daphne, "PROTOCOL_NAMES"), (daphne, "TRANSPORT_NAMES")]
)
def test_a_missing_name_is_reported(module: Any, names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, names, (*getattr(module, names), "renamed"))
    with pytest.raises(ServerChanged, match="has no renamed"):
        module.check_names()


@pytest.mark.parametrize(
    ("module", "imported"), [(uvicorn, "WebSocketsSansIOProtocol"), (daphne, "DaphneProtocol")]
)
def test_a_moved_module_is_reported(module: Any, imported: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, imported, None)
    with pytest.raises(ServerChanged):
        module.check_names()


def test_a_changed_server_is_served_by_plain_messages_and_one_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PLAIN_ASGI = False
    monkeypatch.setattr(uvicorn, "NAMES", ("renamed",))
    with caplog.at_level(logging.WARNING):
        assert [sockets._finders() for _ in range(3)] == [[daphne.find_socket]] * 3
    [record] = [record for record in caplog.records if record.name == sockets.__name__]
    assert "renamed" in record.getMessage()


def test_plain_messages_can_be_asked_for(settings: Settings) -> None:
    settings.PLAIN_ASGI = True
    assert sockets._finders() == []


async def test_a_close_code_that_the_server_refuses_becomes_a_private_one() -> None:
    sent: list[int] = []

    async def send(message: Any) -> None:
        if message["code"] < 3000:
            raise Exception("invalid close code")  # as autobahn does
        sent.append(message["code"])

    socket = sockets.PlainSocket(send)
    await socket.close(1012, "restart")
    await socket.close(4403, "left")
    assert sent == [3012, 4403]
