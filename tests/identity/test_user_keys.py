"""Which user ids are valid on the wire."""

from __future__ import annotations

import pytest

from chatsite.identity.users import parse_user_key

pytestmark = pytest.mark.standalone


def test_a_number_is_a_key() -> None:
    assert parse_user_key("4") == 4


@pytest.mark.parametrize("text", ["٤", "４", "four", "", "9" * 30])
def test_nothing_else_is_one(text: str) -> None:
    assert parse_user_key(text) is None
