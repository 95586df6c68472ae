"""Later deployments start on a copy of the first one's empty tables, and share no row with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import flavours
from tests.harness.backend import Deployment, Flavour

COUNT = "from django.contrib.auth import get_user_model; print(get_user_model().objects.count())"
MAKE = "from django.contrib.auth import get_user_model; get_user_model().objects.create(username='first')"


def deployment(request: pytest.FixtureRequest, flavour: Flavour, folder: Path) -> Deployment:
    folder.mkdir()
    if flavour == "embedded":
        made = Deployment.embedded(folder)
    else:
        made = Deployment.services(folder, request.getfixturevalue("postgres"))
    made.servers.clear()  # the tables are enough
    return made


@pytest.mark.parametrize("flavour", flavours())
def test_a_copy_has_the_tables_and_none_of_the_rows(
    request: pytest.FixtureRequest, flavour: Flavour, tmp_path: Path
) -> None:
    with deployment(request, flavour, tmp_path / "one") as first:
        first.shell(MAKE)
        with deployment(request, flavour, tmp_path / "two") as second:
            assert second.manage("migrate", "--check", "--verbosity", "0") == ""
            assert (int(first.shell(COUNT)), int(second.shell(COUNT))) == (1, 0)
