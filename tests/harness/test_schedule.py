"""Every file that the schedule names exists. A renamed file would otherwise lose its place unnoticed."""

from __future__ import annotations

import pytest

from tests.schedule import LONGEST_FIRST, SHARED_DEPLOYMENTS, TESTS

pytestmark = pytest.mark.standalone


def test_every_file_exists_and_has_one_place() -> None:
    together = [file for files in SHARED_DEPLOYMENTS.values() for file in files]
    for named in (list(LONGEST_FIRST), together):
        assert [file for file in named if not (TESTS / file).is_file()] == []
        assert len(set(named)) == len(named)
