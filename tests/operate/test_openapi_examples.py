"""Examples, bounds and required fields of the OpenAPI document follow from the structs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from pytest_django import Settings

pytestmark = pytest.mark.standalone

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


def make_document() -> Json:
    found: Json = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


@pytest.fixture(scope="module")
def document() -> Json:
    return make_document()


@pytest.fixture(scope="module")
def schemas(document: Json) -> Json:
    found: Json = document["components"]["schemas"]
    return found


def contents(document: Json) -> Iterator[tuple[str, Json]]:
    """Every body and every answer of JSON, with its name."""
    for path, item in document["paths"].items():
        for method in METHODS:
            operation = item.get(method, {})
            answers = [operation["responses"][status] for status in operation.get("responses", ())]
            for part in (operation.get("requestBody", {}), *answers):
                media = part.get("content", {}).get("application/json")
                if media is not None:
                    yield f"{method} {path}", media


def test_every_body_and_answer_has_an_example_that_its_schema_allows(document: Json) -> None:
    problems, count = [], 0
    for name, media in contents(document):
        count += 1
        schema = {**media["schema"], "components": document["components"]}
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        problems += [
            f"{name}: {error.json_path} {error.message[:200]}"
            for error in validator.iter_errors(media["example"])
        ]
    assert count > 100
    assert problems == []


def test_answers_require_what_is_always_sent(schemas: Json) -> None:
    message = schemas["MessageObject"]
    assert set(message["properties"]) - set(message["required"]) == {"via"}
    assert set(schemas["UnreadAnswer"]["required"]) == {"total", "conversations"}  # it leaves out defaults
    assert "required" not in schemas["SendBodyRequest"]
    assert schemas["EditBodyRequest"]["required"] == ["content"]


def test_the_bounds_are_those_of_the_structs_and_of_the_settings(settings: Settings) -> None:
    settings.CHAT = replace(settings.CHAT, message_length=140)
    schemas = make_document()["components"]["schemas"]
    assert schemas["EditBodyRequest"]["properties"]["content"]["maxLength"] == 140
    assert schemas["CsatBodyRequest"]["properties"]["score"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 5,
        "examples": [5],
    }
    assert schemas["LabelBodyRequest"]["properties"]["color"]["pattern"] == "^#[0-9A-Fa-f]{6}$"
    assert schemas["KeyBodyRequest"]["properties"]["scopes"]["minItems"] == 1


def test_a_value_may_be_null_only_where_it_says_so(schemas: Json) -> None:
    fields = schemas["MessageObject"]["properties"]
    assert fields["readAt"] == {"type": ["string", "null"], "format": "date-time"}
    assert fields["createdAt"] == {"type": "string", "format": "date-time"}
    assert schemas["UnreadAnswer"]["properties"]["conversations"] == {
        "type": "object",
        "additionalProperties": {"type": "integer"},
    }


def test_the_profile_has_the_sections_of_the_apps(schemas: Json) -> None:
    assert schemas["Profile"]["properties"]["businesses"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/MembershipObject"},
    }
    assert "businesses" in schemas["Profile"]["required"]
