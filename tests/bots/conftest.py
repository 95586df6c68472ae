"""A bot of the cast's business, with an API key."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.client_js.conftest import packages, start_client  # noqa: F401  fixtures of these tests too
from tests.harness.cast import Cast, Person
from tests.harness.rest import Json

EVERYTHING = ("contacts:read", "conversations:write", "messages:read", "messages:write")


@dataclass
class Bot:
    cast: Cast
    owner: Person
    id: str

    async def make_key(self, *scopes: str) -> Json:
        body = {"name": "a key", "scopes": list(scopes or EVERYTHING)}
        return await self.owner.rest.post(f"/bots/{self.id}/keys", body)


@pytest.fixture
async def bot(cast: Cast) -> Bot:
    body = {"businessId": cast.business_id, "name": "Helper"}
    made = await cast.olivia.rest.post("/bots", body)
    return Bot(cast, cast.olivia, made["id"])
