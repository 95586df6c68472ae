"""The JSON Schema of a struct. OpenAPI and AsyncAPI describe the same wire objects by it.

What msgspec checks is in the annotation of a field: `Annotated[int, msgspec.Meta(ge=1)]`. What only an operation
checks, with its own error code or with a limit from `settings.CHAT`, is there too, as `documented(...)`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect as types

from chatsite.config.limits import limits

Schema = dict[str, Any]
COMPONENTS: Final = "#/components/schemas/"  # where OpenAPI and AsyncAPI keep the schemas of structs
# Returns the schema that refers to a struct.
Reference = Callable[[type[msgspec.Struct]], Schema]

_TYPES: Final[Mapping[type[types.Type], Schema]] = {
    types.AnyType: {},
    types.BoolType: {"type": "boolean"},
    types.IntType: {"type": "integer"},
    types.FloatType: {"type": "number"},
    types.StrType: {"type": "string"},
    types.UUIDType: {"type": "string", "format": "uuid"},
    types.DateTimeType: {"type": "string", "format": "date-time"},
    types.DateType: {"type": "string", "format": "date"},
    types.ListType: {"type": "array"},
    types.TupleType: {"type": "array"},
    types.DictType: {"type": "object"},
}
_BOUNDS: Final = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
}
_BOUNDS_OF_LISTS: Final = {"min_length": "minItems", "max_length": "maxItems"}


def documented(**keywords: Any) -> msgspec.Meta:
    """Add keywords of JSON Schema to a field. msgspec does not check them.

    A bound can be the name of a limit: `documented(maxLength="message_length")`.
    """
    return msgspec.Meta(extra_json_schema=keywords)


def struct_schema(struct: type[msgspec.Struct], reference: Reference, *, is_sent: bool) -> Schema:
    """Return the schema of a struct. `is_sent`: the site sends it, and clients do not.

    What the site sends has every field, with a default or not, except those that it may leave out. A struct may have
    an attribute `example` with values of fields, by their names on the wire.
    """
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)
    found: Schema = {"type": "object", "properties": {}}
    if struct.__doc__:
        found["description"] = inspect.cleandoc(struct.__doc__)
    required = []
    for field in info.fields:
        schema = _schema(field.type, reference)
        if field.required or (is_sent and _is_always_sent(struct, field)):
            required.append(field.encode_name)
        elif not is_sent and isinstance(field.default, str | bool | int):
            schema["default"] = field.default
        found["properties"][field.encode_name] = schema
    for name, value in getattr(struct, "example", {}).items():
        found["properties"][name]["examples"] = [value]
    if required:
        found["required"] = required
    return found


def _is_always_sent(struct: type[msgspec.Struct], field: types.Field) -> bool:
    """Return whether a field with a default is in every answer. msgspec shows `UNSET` as no default."""
    is_unset = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
    return not is_unset and not struct.__struct_config__.omit_defaults


def _schema(kind: types.Type, reference: Reference) -> Schema:
    if isinstance(kind, types.Metadata):
        return _schema(kind.type, reference) | _keywords(kind.extra_json_schema or {})
    if isinstance(kind, types.UnionType):
        return _union(kind, reference)
    if isinstance(kind, types.StructType):
        return reference(kind.cls)
    if isinstance(kind, types.LiteralType):
        return {"type": "string", "enum": sorted(kind.values)}
    schema = {**_TYPES[type(kind)]}
    names = _BOUNDS_OF_LISTS if isinstance(kind, types.ListType) else _BOUNDS
    for attribute, name in names.items():
        if (bound := getattr(kind, attribute, None)) is not None:
            schema[name] = bound
    if isinstance(kind, types.ListType):
        schema["items"] = _schema(kind.item_type, reference)
    if isinstance(kind, types.TupleType):
        count = len(kind.item_types)
        assert len(set(map(type, kind.item_types))) == 1, "a schema of mixed tuples is of use to no generator"
        schema |= {"items": _schema(kind.item_types[0], reference), "minItems": count, "maxItems": count}
    if isinstance(kind, types.DictType):
        schema["additionalProperties"] = _schema(kind.value_type, reference)
    return schema


def _union(kind: types.UnionType, reference: Reference) -> Schema:
    """Say in `type` that a plain value may be null, because generators understand that best."""
    options = [_schema(part, reference) for part in kind.types if not isinstance(part, types.NoneType)]
    if len(options) == len(kind.types):
        return {"anyOf": options}
    schema = options[0]
    if len(options) > 1 or "type" not in schema:
        return {"anyOf": [*options, {"type": "null"}]}
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return {**schema, "type": [schema["type"], "null"]}


def _keywords(annotated: Mapping[str, Any]) -> Schema:
    """Replace the names of limits by their values."""
    bounds = {*_BOUNDS.values(), *_BOUNDS_OF_LISTS.values()} - {"pattern"}
    return {
        name: getattr(limits(), value) if name in bounds and isinstance(value, str) else value
        for name, value in annotated.items()
    }
