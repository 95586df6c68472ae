"""Ids on the wire: every notation of a UUID is accepted, and no id of unlimited length is kept."""

from __future__ import annotations

from uuid import UUID

import pytest

from chatsite.errors import DomainError
from conversations import access

pytestmark = pytest.mark.standalone

KEY = UUID("01a220ba-8761-725c-bb70-3c0daaec7c50")


@pytest.mark.parametrize(
    "text", [str(KEY), str(KEY).upper(), KEY.hex, f"{{{KEY}}}", KEY.urn, KEY.hex + "-" * 60_000]
)
def test_every_form_of_a_uuid_is_understood(text: str) -> None:
    assert access.object_key(text, "conversation") == KEY


@pytest.mark.parametrize("text", ["", "1", "x" * 36, str(KEY)[:-1], f"{KEY}0", "\x00" * 36])
def test_anything_else_is_not_there(text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        access.object_key(text, "conversation")
    assert refusal.value.code == "not_found"


def test_only_texts_of_the_usual_length_are_remembered() -> None:
    access.object_key(str(UUID(int=1)), "conversation")
    remembered = access._canonical_key.cache_info().currsize
    access.object_key("-" * 60_000 + UUID(int=2).hex, "conversation")
    with pytest.raises(DomainError):
        access.object_key("y" * 36, "conversation")
    assert access._canonical_key.cache_info().currsize == remembered
