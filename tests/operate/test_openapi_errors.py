"""The OpenAPI document has all answers of an operation, including errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from chatsite.errors import HTTP_STATUS
from chatsite.realtime.user_limit import user_buckets
from tests.conversations.people import business, conversation, person, say

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def filled(path: str, value: str) -> str:
    return "/".join(value if part.startswith("{") else part for part in path.split("/"))


JSON = "application/json"
# Body, its type, and further parts of the request.
PROBES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("nothing", "", JSON, {}),
    ("not JSON", "{", JSON, {}),
    ("a list", "[]", JSON, {}),
    ("wrong types", '{"content": 7, "url": [], "name": {}}', JSON, {}),
    ("a type nobody reads", "<a/>", "text/xml", {}),
    ("a type nobody writes", "", JSON, {"HTTP_ACCEPT": "text/csv"}),
    (
        "bad queries",
        "",
        JSON,
        {"QUERY_STRING": "limit=0&cursor=x&before=-1&businessId=x&userIds=%00&state=x&q="},
    ),
]


def answers(client: APIClient, method: str, path: str, talk: str) -> Iterator[tuple[str, int]]:
    """Yield the probes and the statuses of their answers, with an id of something, of nothing, and no id at all."""
    addresses = dict.fromkeys(filled(path, value) for value in (talk, str(uuid4()), "x"))
    refused = False
    for number, address in enumerate(addresses):  # one, if the path takes no id
        # The site refuses somebody before it reads the id, so one address has all answers to that person.
        for name, body, kind, more in PROBES if number < 2 and not refused else PROBES[:1]:
            status = client.generic(method, address, body, kind, **more).status_code
            refused = refused or (number == 0 and name == "nothing" and status == 401)
            yield name, status


@pytest.mark.parametrize("who", ["nobody", "a member", "a bad token"])
def test_every_answer_is_documented(
    document: dict[str, Any], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_buckets, "_users", {})
    monkeypatch.setattr(user_buckets, "burst", 1e9)  # `rate_limited` would hide the answers
    member, customer = person(), person()
    where = conversation(business(member), customer)
    say(where, customer, ["hello"])
    client = APIClient()
    if who == "a member":
        client.force_authenticate(member)
    if who == "a bad token":
        client.credentials(HTTP_AUTHORIZATION="Bearer bck_invented")
    undocumented = []
    for path, method, operation in operations(document):
        for name, status in answers(client, method.upper(), path, str(where.pk)):
            if str(status) not in operation["responses"]:
                undocumented.append((method, path, name, status))
    assert sorted(set(undocumented)) == []


def test_errors_have_one_shape(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["ErrorAnswer"]["properties"]["error"]
    assert schema["properties"]["code"]["enum"] == list(HTTP_STATUS)
    named = {
        answer["$ref"]
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
        if "$ref" in answer
    }
    known = {f"#/components/responses/{name}" for name in document["components"]["responses"]}
    assert named == known


def test_every_operation_has_a_summary_and_takes_only_json(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert operation.get("summary"), (method, path)
        content = operation.get("requestBody", {}).get("content", {})
        assert len(content) <= 1, (method, path)


def test_limits_are_bounded(document: dict[str, Any]) -> None:
    found = [
        parameter["schema"]
        for _, _, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "limit"
    ]
    assert found
    assert all((schema["minimum"], schema["maximum"]) == (1, 200) for schema in found)
