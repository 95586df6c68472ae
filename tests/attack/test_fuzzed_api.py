"""Call every operation of the OpenAPI document with valid and invalid input.

No answer is a 500, and every answer is as documented. `HYPOTHESIS_PROFILE=long pytest
tests/attack/test_fuzzed_api.py` runs more examples.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from chatsite.errors import HTTP_STATUS
from tests.attack.fuzzing import FUZZ
from tests.conversations.rooms import Room
from tests.harness.cast import Cast, Stage
from tests.harness.patience import patience
from tests.harness.rest import Json, random_address

pytestmark = pytest.mark.one_database

EXAMPLES: Final = max(4, FUZZ.max_examples // 20)
REFUSALS: Final = set(HTTP_STATUS.values())


class Visitor:
    """A customer who has one of most things and sends any request."""

    def __init__(self, room: Room, ids: dict[str, str]) -> None:
        self.server = room.cast.stage.deployment.server(1)
        self.headers = {"Authorization": f"Bearer {room.customer.access}"}
        self._ids = ids

    def ask(self, case: Any) -> Any:
        """Send a request. Half of them use ids that exist."""
        kind = next((kind for kind in self._ids if f"/{kind}/" in case.path), None)
        if kind and "id" in (case.path_parameters or {}) and hash(str(case.body)) % 2:
            case.path_parameters["id"] = self._ids[kind]
        headers = {**self.headers, "X-Forwarded-For": random_address()}
        return case.call(base_url=self.server.url, headers=headers, timeout=patience(20))


async def invite(stage: Stage) -> tuple[Room, dict[str, str]]:
    async with Cast(stage) as cast:
        room = await Room.open(cast)
        (message,) = await room.say(room.customer, "hello")
        return room, {"conversations": room.id, "messages": message["id"]}


@pytest.fixture(scope="module")
def visitor(siege_stage: Stage) -> Visitor:
    return Visitor(*asyncio.run(invite(siege_stage)))


@pytest.fixture(scope="module")
def document(visitor: Visitor) -> Json:
    answer = httpx.get(f"{visitor.server.url}/api/schema?format=json", trust_env=False, timeout=patience(30))
    found: Json = answer.json()
    return found


def test_every_operation(visitor: Visitor, document: Json) -> None:
    schema = schemathesis.openapi.from_dict(document)
    problems: list[str] = []
    count = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        count += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @hypothesis_settings(FUZZ, max_examples=EXAMPLES)
            @given(case=operation.as_strategy(generation_mode=mode))
            def answers_as_documented(case: Any) -> None:
                response = visitor.ask(case)
                checks: list[Any] = [not_a_server_error]
                if response.status_code < 300:
                    checks += [content_type_conformance, response_schema_conformance]
                else:
                    assert response.status_code in REFUSALS, response.status_code
                    assert response.json()["error"]["code"] != "internal"
                case.validate_response(response, checks=checks)

            try:
                answers_as_documented()
            except BaseExceptionGroup as group:  # all operations are checked before the result
                problems += [
                    f"{operation.label} ({mode.value}): {str(one)[:900]}" for one in group.exceptions
                ]
            except AssertionError as error:
                problems.append(f"{operation.label} ({mode.value}): {str(error)[:900]}")
    assert count >= 30
    assert not problems, "\n\n".join(problems)
