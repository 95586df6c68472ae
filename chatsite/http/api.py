"""JSON and errors of every REST view: the renderers, the parser and the exception handler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from django.http import QueryDict
from rest_framework import exceptions, parsers, renderers
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.errors import DomainError, RateLimited, as_domain_error, from_decoding

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
