"""OpenAPI: the errors, bodies and bounds that all operations share.

The views say what they answer when all goes well. What any of them may refuse follows from the method and the path, so
it is added here, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from chatsite.config.limits import limits
from chatsite.errors import HTTP_STATUS
from chatsite.struct_schema import COMPONENTS, Schema

METHODS: Final = ("get", "post", "put", "patch", "delete")
JSON: Final = "application/json"

# Besides these, whatever has an id in its path or its query may answer 404.
_ALWAYS: Final = (400, 401, 403, 406, 413, 429, 500, 503)
_OF_CHANGES: Final = (409, 415)
_MAY_BE_OFF: Final = ("/push/key",)  # 404 where the site does not do it
_TEXTS: Final[dict[int, str]] = {
    400: "The request's shape or a value in it is not valid.",
    401: "No, bad, expired or revoked credentials.",
    403: "The user may see it but not change it, or the API key lacks a scope.",
    404: "It does not exist, or the user may not see it.",
    406: "The answer cannot be given in a type that the client accepts.",
    409: "The state of the object does not allow the change.",
    413: "Over a limit.",
    415: "The body has a type that is not understood.",
    423: "A moderator has frozen the conversation.",
    429: "Too many requests. Retry after `details.retryAfter` seconds.",
    500: "A bug of the site. Nothing was changed.",
    503: "A service is down or too busy. Retry with the same `clientId`.",
}


def _operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def documented_errors(result: Schema, **kwargs: Any) -> Schema:
    """Give every operation the refusals that it may answer, in the one shape."""
    components = result["components"]
    components["schemas"]["ErrorAnswer"] = _error_schema()
    components["responses"] = {f"Error{status}": _error_response(status) for status in _TEXTS}
    for path, method, operation in _operations(result):
        for status in _statuses(path, method, operation):
            reference = {"$ref": f"#/components/responses/Error{status}"}
            operation["responses"].setdefault(str(status), reference)
        operation["responses"] = dict(sorted(operation["responses"].items()))
    return result


def _statuses(path: str, method: str, operation: Schema) -> list[int]:
    found = [*_ALWAYS]
    names = {parameter["name"] for parameter in operation.get("parameters", ())}
    if (
        "{" in path
        or path in _MAY_BE_OFF
        or any(name.endswith(("Id", "Ids")) for name in names)
        or method != "get"
    ):
        found.append(404)
    if method != "get":
        found += _OF_CHANGES
        if "/chat/" in path or "/offers" in path:
            found.append(423)
    return found


def _error_schema() -> Schema:
    inner = {
        "type": "object",
        "properties": {
            "code": {"type": "string", "enum": list(HTTP_STATUS)},
            "message": {"type": "string", "description": "For people."},
            "details": {"type": "object", "additionalProperties": True, "description": "For programs."},
        },
        "required": ["code", "message"],
    }
    return {"type": "object", "properties": {"error": inner}, "required": ["error"]}


def _error_response(status: int) -> Schema:
    code = next(code for code, value in HTTP_STATUS.items() if value == status)
    example = {"error": {"code": code, "message": _TEXTS[status]}}
    response: Schema = {
        "description": _TEXTS[status],
        "content": {JSON: {"schema": {"$ref": COMPONENTS + "ErrorAnswer"}, "example": example}},
    }
    if status in {429, 503}:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return response


def json_bodies(result: Schema, **kwargs: Any) -> Schema:
    """Show JSON alone where a body may be JSON. Forms work too, for the browsable API, and no client needs them."""
    for _, _, operation in _operations(result):
        content = operation.get("requestBody", {}).get("content", {})
        if JSON in content:
            operation["requestBody"]["content"] = {JSON: content[JSON]}
    return result


def public_operations(result: Schema, **kwargs: Any) -> Schema:
    """Say by an empty list that an operation needs no credentials: generators misread a list of an empty object."""
    for _, _, operation in _operations(result):
        if operation.get("security") == [{}]:
            operation["security"] = []
    return result


def summaries(result: Schema, **kwargs: Any) -> Schema:
    """Make the first sentence of each description its summary."""
    for _, _, operation in _operations(result):
        text = operation.get("description", "")
        if text and "summary" not in operation:
            operation["summary"] = re.split(r"(?<=[.])\s", text, maxsplit=1)[0].rstrip(".")
    return result


def bounds(result: Schema, **kwargs: Any) -> Schema:
    """Add the bounds of parameters that mean the same everywhere."""
    known = {
        "limit": {"minimum": 1, "maximum": limits().page_most},
        "before": {"minimum": 0},
        "after": {"minimum": 0},
        "around": {"minimum": 0},
    }
    for _, _, operation in _operations(result):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and parameter["schema"].get("type") == "integer":
                parameter["schema"] |= known.get(parameter["name"], {})
    return result
