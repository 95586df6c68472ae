"""The data of the page `/api/events`: the commands, events and objects of the AsyncAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chatsite.struct_schema import COMPONENTS

Json = Mapping[str, Any]

CONSTRAINTS: Final = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}


@dataclass(frozen=True)
class Part:
    """A piece of the name of a type. `target` is the object that it leads to, or empty."""

    text: str
    target: str = ""


@dataclass(frozen=True)
class Field:
    name: str
    type: list[Part]
    is_required: bool
    note: SafeString


@dataclass(frozen=True)
class Shape:
    """An object: its description and its fields."""

    name: str
    description: list[SafeString]
    fields: list[Field]


@dataclass(frozen=True)
class Entry:
    """A command or an event. `answer` is empty for an event."""

    name: str
    summary: SafeString
    data: list[Shape]
    answer: list[Shape]


@dataclass(frozen=True)
class Reference:
    description: list[SafeString]
    commands: list[Entry]
    events: list[Entry]
    objects: list[Shape]
    close_codes: Json


def reference_of(document: Json) -> Reference:
    """Return the contents of the page."""
    schemas = document["components"]["schemas"]
    commands, events = [], []
    for name, operation in document["operations"].items():
        if operation["action"] == "receive":
            commands.append(_entry(document, name, operation, answer=f"{name}.ack"))
        else:
            events.append(_entry(document, name.removeprefix("on_"), operation))
    return Reference(
        description=_paragraphs(document["info"]["description"]),
        commands=commands,
        events=events,
        objects=[_shape(name, schema) for name, schema in schemas.items()],
        close_codes=document["channels"]["chat"]["x-close-codes"],
    )


def _entry(document: Json, name: str, operation: Json, answer: str = "") -> Entry:
    return Entry(
        name=name,
        summary=_text(operation["summary"]),
        data=_data_of(document, name),
        answer=_data_of(document, answer) if answer else [],
    )


def _data_of(document: Json, message: str) -> list[Shape]:
    """Return the objects whose fields the data of a message has."""
    data = document["components"]["messages"][message]["payload"]["properties"]["data"]
    schemas = document["components"]["schemas"]
    names = [part["$ref"].removeprefix(COMPONENTS) for part in data.get("allOf", [data])]
    return [_shape(name, schemas[name]) for name in names]


def _shape(name: str, schema: Json) -> Shape:
    required = set(schema.get("required", ()))
    fields = [
        Field(field, list(_parts(kind)), field in required, _note(kind))
        for field, kind in schema.get("properties", {}).items()
    ]
    return Shape(name, _paragraphs(schema.get("description", "")), fields)


def _parts(schema: Json) -> Iterator[Part]:
    """Return the name of a type in pieces, such as `array of` and a link to `MessageObject`."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(COMPONENTS)
        yield Part(name, target=name)
    elif "anyOf" in schema:
        for number, one in enumerate(schema["anyOf"]):
            if number:
                yield Part("or")
            yield from _parts(one)
    elif "enum" in schema:
        yield Part(", ".join(json.dumps(value) for value in schema["enum"]))
    elif isinstance(schema.get("type"), list):
        yield from _parts({"anyOf": [{**schema, "type": kind} for kind in schema["type"]]})
    elif schema.get("type") == "null":
        yield Part("null")
    elif schema.get("type") == "array":
        yield Part("array of")
        yield from _parts(schema.get("items", {}))
    elif isinstance(schema.get("additionalProperties"), Mapping):
        yield Part("object of id:")
        yield from _parts(schema["additionalProperties"])
    else:
        yield Part(schema.get("format") or schema.get("type") or "any")


def _note(schema: Json) -> SafeString:
    notes = [text.format(schema[key]) for key, text in CONSTRAINTS.items() if key in schema]
    if schema.get("default") is not None:
        notes.append(f"default {json.dumps(schema['default'])}")
    if "description" in schema:
        notes.append(schema["description"])
    return _text("; ".join(notes))


def _paragraphs(text: str) -> list[SafeString]:
    return [_text(paragraph) for paragraph in text.split("\n\n") if paragraph.strip()]


def _text(text: str) -> SafeString:
    """Show what stands between backticks as code."""
    pieces = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", one) if n % 2 else one,) for n, one in pieces)
    )
