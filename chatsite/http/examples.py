"""OpenAPI: an example of each request and response body, made from its schema.

A field's own example comes from its struct: `example = {"name": "Northwind Cycles"}`. For another field its name or its
type says enough. An example has the fields that are required and those with their own example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chatsite.http.openapi import JSON
from chatsite.struct_schema import COMPONENTS, Schema

# Strings, by the name of their field.
_BY_NAME: Final = {
    "accent": "#0f766e",
    "access": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiNyJ9.b5Yw",
    "actionUrl": "/app/c/019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8",
    "amount": "49.00",
    "assistant": "shop.assistants.suggest",
    "body": "Carol Jensen: Is the red bicycle still for sale?",
    "code": "delivery",
    "color": "#0f766e",
    "content": "Is the red bicycle still for sale?",
    "contentType": "image/webp",
    "currency": "EUR",
    "description": "Orders and repairs",
    "email": "carol@example.org",
    "emoji": "👍",
    "eventType": "message.created",
    "hint": "bck_4f9a",
    "key": "bck_4f9a1c0de5b74a6c9d3e8f20",
    "language": "pt-BR",
    "lastMessage": "Is the red bicycle still for sale?",
    "name": "Carol Jensen",
    "password": "correct horse battery staple",
    "question": "How did we do?",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.Zk3Q",
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "slug": "northwind-cycles",
    "text": "We deliver within three days.",
    "ticket": "h2Vb0Qk9w3",
    "timezone": "Europe/Berlin",
    "title": "Northwind Cycles",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiNyJ9.b5Yw",
    "url": "https://shop.example/hooks/chat",
    "username": "carol",
}
_BY_FORMAT: Final = {
    "uuid": "019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8",
    "date-time": "2026-11-23T14:10:52.141095Z",
    "date": "2026-11-23",
    "uri": "https://shop.example/",
}


def examples(result: Schema, **kwargs: Any) -> Schema:
    """Add an example to every body and answer of JSON that has none."""
    schemas = result["components"]["schemas"]
    for item in result["paths"].values():
        for operation in item.values():
            for content in _contents(operation):
                media = content.get(JSON, {})
                if "schema" in media and not media.keys() & {"example", "examples"}:
                    media["example"] = _Example(schemas).of(media["schema"])
    return result


def _contents(operation: Schema) -> Iterator[Schema]:
    if "requestBody" in operation:
        yield operation["requestBody"].get("content", {})
    for response in operation["responses"].values():
        yield response.get("content", {})


class _Example:
    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def of(self, schema: Schema, name: str = "") -> Any:
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.of(self._schemas[schema["$ref"].removeprefix(COMPONENTS)], name)
        for key in ("allOf", "anyOf", "oneOf"):
            if key in schema:
                found = [self.of(part, name) for part in schema[key]]
                return None if None in found else found[0]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "null")
        if isinstance(kind, list):
            return None  # a value that may be null mostly is
        return getattr(self, f"_{kind}")(schema, name)

    def _object(self, schema: Schema, name: str) -> dict[str, Any]:
        fields = schema.get("properties", {})
        if others := schema.get("additionalProperties"):
            return {_BY_FORMAT["uuid"]: self.of(others)}
        shown = {*schema.get("required", ())} | {key for key, field in fields.items() if "examples" in field}
        return {key: self.of(field, key) for key, field in fields.items() if key in shown}

    def _array(self, schema: Schema, name: str) -> list[Any]:
        return [self.of(schema.get("items", {}), name.removesuffix("s"))] * schema.get("minItems", 1)

    def _string(self, schema: Schema, name: str) -> str:
        if "format" in schema:
            return _BY_FORMAT[schema["format"]]
        return _BY_NAME.get(name, "7" if name.endswith(("Id", "id")) else "text")

    def _integer(self, schema: Schema, name: str) -> int:
        return max(int(schema.get("minimum", 1)), 1)

    def _number(self, schema: Schema, name: str) -> float:
        return 1.5

    def _boolean(self, schema: Schema, name: str) -> bool:
        return False

    def _null(self, schema: Schema, name: str) -> None:
        return None
