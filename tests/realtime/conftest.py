"""Users whom tests may log out, and a runtime without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from chatsite.realtime.runtime import ProcessRuntime
from tests.harness.backend import Deployment
from tests.realtime.logins import Login, make_logins


@pytest.fixture(scope="module")
def login(deployment: Deployment) -> Login:
    """A login of a user that the tests of one module share. They do not log out."""
    return make_logins(deployment)[0]


@pytest.fixture
def logins(deployment: Deployment) -> tuple[Login, Login]:
    """Two logins of a user for one test."""
    return make_logins(deployment)


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[ProcessRuntime]:
    """The runtime of a new process, in which nothing runs yet."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    runtime = ProcessRuntime()
    yield runtime
    await runtime.stop()
