"""What CI's schedule names is there: a file that is renamed would silently lose its place."""

from __future__ import annotations

import pytest

from tests.schedule import LONGEST, TESTS, TOGETHER

pytestmark = pytest.mark.standalone


def test_every_file_exists_and_has_one_place() -> None:
    together = [file for files in TOGETHER.values() for file in files]
    for named in (list(LONGEST), together):
        assert [file for file in named if not (TESTS / file).is_file()] == []
        assert len(set(named)) == len(named)
