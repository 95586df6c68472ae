"""Serializers of Django REST framework for wire objects.

A wire object is a `msgspec.Struct` in the `serializers.py` of its app. Events and REST encode the same class.
`serializer_for` makes a serializer of it, for the forms of the browsable API and as its name in OpenAPI.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import msgspec
from rest_framework import serializers


class StructSerializer(serializers.Serializer[Any]):
    """Reads and writes one `msgspec.Struct`. Its fields are for forms only; OpenAPI describes the struct itself."""

    struct: type[msgspec.Struct]

    def to_representation(self, instance: Any) -> Any:
        return msgspec.to_builtins(instance) if isinstance(instance, msgspec.Struct) else instance


@functools.cache
def serializer_for(struct: type[msgspec.Struct]) -> type[StructSerializer]:
    """Return the DRF serializer of a wire object, with the struct's fields by their names on the wire."""
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    fields: dict[str, Any] = {
        field.encode_name: _field(field.type, required=field.required) for field in info.fields
    }
    attributes = {**fields, "struct": struct, "__doc__": struct.__doc__}
    return type(f"{struct.__name__}Serializer", (StructSerializer,), attributes)


_SIMPLE: list[tuple[type[msgspec.inspect.Type], Callable[..., Any]]] = [
    (msgspec.inspect.StrType, functools.partial(serializers.CharField, allow_blank=True)),
    (msgspec.inspect.IntType, serializers.IntegerField),
    (msgspec.inspect.FloatType, serializers.FloatField),
    (msgspec.inspect.BoolType, serializers.BooleanField),
    (msgspec.inspect.UUIDType, serializers.UUIDField),
    (msgspec.inspect.DateTimeType, serializers.DateTimeField),
]


def _field(kind: msgspec.inspect.Type, *, required: bool, allow_null: bool = False) -> Any:
    options: dict[str, Any] = {"required": required, "allow_null": allow_null}
    if isinstance(kind, msgspec.inspect.UnionType):
        inner = [part for part in kind.types if not isinstance(part, msgspec.inspect.NoneType)]
        return _field(inner[0], required=required, allow_null=True)
    if isinstance(kind, msgspec.inspect.StructType):
        return serializer_for(kind.cls)(**options)
    if isinstance(kind, msgspec.inspect.ListType):
        return serializers.ListField(child=_field(kind.item_type, required=True), **options)
    if isinstance(kind, msgspec.inspect.LiteralType):
        return serializers.ChoiceField(choices=list(kind.values), **options)
    for type_info, field_class in _SIMPLE:
        if isinstance(kind, type_info):
            return field_class(**options)
    return serializers.JSONField(**options)
