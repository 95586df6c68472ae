"""People who may be logged out."""

from __future__ import annotations

import pytest

from tests.harness.backend import Deployment
from tests.realtime.logins import Login, make_logins


@pytest.fixture(scope="module")
def login(deployment: Deployment) -> Login:
    """Of a user whom the tests of one module share, and do not log out."""
    return make_logins(deployment)[0]


@pytest.fixture
def logins(deployment: Deployment) -> tuple[Login, Login]:
    """Two logins of a user of this test alone."""
    return make_logins(deployment)
