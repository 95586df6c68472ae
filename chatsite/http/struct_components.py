"""Describes structs in OpenAPI by what msgspec reads and writes, instead of by the fields of their forms."""

from __future__ import annotations

from typing import Literal

import msgspec
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

from chatsite.http.struct_serializers import serializer_for
from chatsite.struct_schema import Schema, struct_schema


class StructComponent(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = "chatsite.http.struct_serializers.StructSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Literal["request", "response"]) -> Schema:
        def reference(struct: type[msgspec.Struct]) -> Schema:
            component = auto_schema.resolve_serializer(serializer_for(struct), direction)
            return dict(component.ref)

        return struct_schema(self.target.struct, reference, is_sent=direction == "response")
