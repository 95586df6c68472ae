"""The base of every REST view: JSON, errors, cursor pages, and serializers for structs.

A wire object is a `msgspec.Struct` in the `serializers.py` of its app. Events and REST encode the same class.
`serializer_for` makes a DRF serializer of it, for the forms of the browsable API and as its name in OpenAPI.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import exceptions, pagination, parsers, renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.errors import DomainError, RateLimited, as_domain_error, from_decoding, invalid
from chatsite.http.byte_budget import ByteBudget

StructT = TypeVar("StructT", bound=msgspec.Struct)

# --- JSON -------------------------------------------------------------------------------------------------------------


def encode(data: Any) -> bytes:
    """Encode structs, UUIDs and times as JSON."""
    return msgspec.json.encode(data, enc_hook=str)


class WireRenderer(renderers.JSONRenderer):
    """Render JSON with msgspec, which encodes structs and is several times faster than the default renderer."""

    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        encoded = encode(data)
        indent = self.get_indent(accepted_media_type or "", dict(renderer_context or {}))
        return msgspec.json.format(encoded, indent=indent) if indent else encoded


class BrowsablePages(renderers.BrowsableAPIRenderer):
    """The browsable API without its inline style sheet, whose text depends on the installed packages."""

    def get_context(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        return {**super().get_context(*arguments, **options), "code_style": ""}


class WireParser(parsers.JSONParser):
    """Parse strict JSON: without NaN, lone surrogates, and nesting that would exhaust the stack."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read()
        if not body.strip():
            return {}
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise from_decoding(error) from error


def read_body(request: Request, struct: type[StructT]) -> StructT:
    """Return the body of the request as `struct`. Raise `DomainError` "invalid" with the path of a bad field."""
    data = request.data
    form = data.dict() if isinstance(data, QueryDict) else None
    try:
        return msgspec.convert(data if form is None else form, struct, strict=form is None)
    except msgspec.ValidationError as error:
        raise from_decoding(error) from error


# --- Errors -----------------------------------------------------------------------------------------------------------


def error_response(error: DomainError) -> Response:
    headers = {}
    if error.code == "rate_limited" and error.details:
        headers["Retry-After"] = str(max(1, round(error.details.get("retryAfter", 1))))
    if error.code == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    return Response({"error": error.as_dict()}, status=error.http_status, headers=headers)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every error of a REST view in the same form. A bug is logged and answered with `internal`."""
    # Django REST framework loads our renderers while it imports its views.
    from rest_framework.views import set_rollback

    if isinstance(error, exceptions.APIException):
        known = _from_rest_framework(error)
    else:
        known = as_domain_error(error)
    if isinstance(known, RateLimited) and (give_back := getattr(context["view"], "give_back_charge", None)):
        give_back()
    set_rollback()
    return error_response(known)


_BY_STATUS = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}


def _from_rest_framework(error: exceptions.APIException) -> DomainError:
    if isinstance(error, exceptions.Throttled):
        return DomainError(
            "rate_limited", "Too many requests.", {"retryAfter": getattr(error, "wait", None) or 1}
        )
    if isinstance(error, exceptions.ValidationError):
        fields = error.detail if isinstance(error.detail, dict) else {"error": error.detail}
        return DomainError("invalid", "Some values are not valid.", {"fields": fields})
    detail: Any = error.detail
    if isinstance(detail, dict):
        detail = detail.get("detail", "The request was refused.")
    return DomainError(_BY_STATUS.get(error.status_code, "invalid"), str(detail))


# --- Pages ------------------------------------------------------------------------------------------------------------


class CursorPages(pagination.CursorPagination):
    """Pages by `?cursor=` and `?limit=` over an index. The cost does not grow with the page, and bytes are limited."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering: Any = ()

    def respond(
        self, request: Request, rows: QuerySet[Any, Any], as_object: Callable[[Any], Any]
    ) -> Response:
        """Return the requested page of these rows. `as_object` makes the wire object of a row."""
        query_integer(request, "limit", at_least=1, at_most=self.max_page_size)
        found = self.paginate_queryset(rows, request) or []
        objects = self._fit([as_object(row) for row in found])
        return page(objects, following=self.get_next_link(), previous=self.get_previous_link())

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.model = queryset.model
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Any:
        """Accept a cursor only if this list can have created it: its position must be a value of the column."""
        try:
            cursor = super().decode_cursor(request)
        except exceptions.NotFound as error:
            raise invalid(WRONG_CURSOR, field="cursor") from error
        if cursor is None or not request.query_params.get(self.cursor_query_param):
            return None
        if cursor.position is None:
            known = bool(cursor.offset or cursor.reverse)
        else:
            known = _can_be(self.model._meta.get_field(self._column), str(cursor.position))
        if not known:
            raise invalid(WRONG_CURSOR, field="cursor")
        return cursor

    @property
    def _column(self) -> str:
        return str(self.ordering[0]).lstrip("-")

    def _fit(self, objects: list[Any]) -> list[Any]:
        """Cut the page to the bytes of one answer, at the end that is farther from the cursor. Correct the links."""
        back = bool(self.cursor and self.cursor.reverse)
        kept = ByteBudget().take_first(objects[::-1] if back else objects)
        count = len(kept)
        if count == len(objects):
            return objects
        rows = list(self.page or [])
        position = str(getattr(rows[-count - 1] if back else rows[count], self._column))
        self.page_size = count
        if back:
            self.page, self.has_previous, self.previous_position = rows[-count:], True, position
            return kept[::-1]
        self.page, self.has_next, self.next_position = rows[:count], True, position
        return kept


WRONG_CURSOR = "The cursor is not valid for this list."


def _can_be(field: Any, position: str) -> bool:
    """Return whether the field can have this value. The database would raise an error for other values."""
    if "\x00" in position:
        return False
    try:
        value = field.to_python(position)
        field.run_validators(value)
        if isinstance(value, datetime):
            value.astimezone(UTC)
    except (ValidationError, ValueError, OverflowError):
        return False
    return True


def query_integer(request: Request, name: str, *, at_least: int = 0, at_most: int = 2**31 - 1) -> int | None:
    """Return a whole number from the query string, or None if it is missing. Raise `invalid` for a bad value."""
    raw = request.query_params.get(name, "")
    if raw == "":
        return None
    if not raw.isascii() or not raw.isdigit() or len(raw) > 12 or not at_least <= int(raw) <= at_most:
        raise invalid(f"{name} must be a whole number from {at_least} to {at_most}.", field=name)
    return int(raw)


def query_flag(request: Request, name: str) -> bool | None:
    """Return `true`/`false` (or 1/0) from the query string, or None if it is missing."""
    raw = request.query_params.get(name, "").lower()
    if raw == "":
        return None
    if raw not in {"true", "false", "1", "0"}:
        raise invalid(f"{name} must be true or false.", field=name)
    return raw in {"true", "1"}


def page(results: list[Any], *, following: str | None = None, previous: str | None = None) -> Response:
    """Return the response of a list."""
    return Response(page_object(results, following=following, previous=previous))


def page_object(results: list[Any], *, following: str | None, previous: str | None) -> dict[str, Any]:
    """Return `{results, next, previous}`. `next` and `previous` are links or null."""
    return {"results": results, "next": following, "previous": previous}


# --- Structs as serializers -------------------------------------------------------------------------------------------


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
