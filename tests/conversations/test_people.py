"""The people of a conversation, for its participants."""

from __future__ import annotations

import pytest

from tests.harness.cast import Cast
from tests.harness.rest import ApiError


async def test_both_sides_learn_each_others_names(cast: Cast) -> None:
    where = (await cast.conversation(cast.carol))["id"]
    expected = [
        {"id": cast.carol.id, "name": "Carol Jensen", "side": "customer"},
        {"id": cast.olivia.id, "name": "Olivia Brand", "side": "business"},
        {"id": cast.amir.id, "name": "Amir Nasser", "side": "business"},
    ]
    for reader in (cast.carol, cast.olivia):
        answer = await reader.rest.get(f"/chat/conversations/{where}/people")
        assert answer["results"][:3] == expected


async def test_strangers_learn_nothing(cast: Cast) -> None:
    where = (await cast.conversation(cast.carol))["id"]
    for stranger in (cast.dave, cast.outsider):
        with pytest.raises(ApiError) as refused:
            await stranger.rest.get(f"/chat/conversations/{where}/people")
        assert refused.value.code == "not_found"
