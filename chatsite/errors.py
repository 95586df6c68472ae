"""The closed list of error codes, the same on every transport.

An operation raises `DomainError`. The transports turn it into `{"error": {code, message, details?}}` with the HTTP
status, or into an `error` frame. `docs/protocol.md` documents each code; a test compares the two lists.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, InterfaceError, InternalError, OperationalError
from django.http import Http404

logger = logging.getLogger(__name__)

# What Django raises when the database cannot be reached, or when a connection breaks.
LOST_DATABASE: Final = (OperationalError, InterfaceError)
# What the code outside of REST and of live commands catches. A write to a PostgreSQL that is read-only raises
# `InternalError`; `as_domain_error` tells that one from others.
FAILED_DATABASE: Final = (*LOST_DATABASE, InternalError)
READ_ONLY: Final = "25006"  # SQLSTATE of a write to a PostgreSQL server that is read-only or a standby


def is_database_unavailable(error: BaseException) -> bool:
    """Return whether the operation may succeed later, because the database is unreachable, too busy or read-only."""
    if isinstance(error, LOST_DATABASE):
        return True
    return isinstance(error, DatabaseError) and getattr(error.__cause__, "sqlstate", None) == READ_ONLY


database_failure_observers: Final[
    list[Callable[[], None]]
] = []  # called after each failure; the metrics count them

HTTP_STATUS: Final[dict[str, int]] = {
    "invalid": 400,  # the request's shape or a value in it
    "unknown_event": 400,  # no such command
    "unauthenticated": 401,  # no, bad, expired or revoked credentials
    "forbidden": 403,  # the user may see it but not change it
    "not_found": 404,  # it does not exist, or the user may not see it
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "conflict": 409,  # the state of the object does not allow the change
    "too_large": 413,  # over a limit
    "unsupported_media_type": 415,
    "frozen": 423,  # a moderator has frozen the conversation
    "rate_limited": 429,  # retry after details.retryAfter seconds
    "internal": 500,  # a bug of the site; nothing was changed
    "unavailable": 503,  # a service is down or too busy; retry with the same clientId
}


class DomainError(Exception):
    """An error with a code of the closed list. `message` is for people, `details` for programs."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.http_status = HTTP_STATUS[code]

    def as_dict(self) -> dict[str, Any]:
        """`{code, message, details?}`."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            body["details"] = self.details
        return body


class RateLimited(DomainError):
    """The limit on the changes of one user was exceeded. What the request has taken from the limit is given back."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__("rate_limited", message, {"retryAfter": max(round(wait, 3), 0.001)})


def not_found(what: str = "object") -> DomainError:
    """Return the error for missing and for hidden objects. The text is the same, so that nobody can probe ids."""
    return DomainError("not_found", f"No such {what}.")


def invalid(message: str, **details: Any) -> DomainError:
    return DomainError("invalid", message, details or None)


def from_decoding(error: Exception) -> DomainError:
    """Turn an error of msgspec, or of Python's recursion limit, into `invalid` with the path of the field."""
    if isinstance(error, RecursionError):
        return invalid("The JSON is nested too deeply.")
    if isinstance(error, msgspec.ValidationError):
        text, _, path = str(error).partition(" - at `$.")
        field = path.rstrip("`")
        if not field and "missing required field `" in text:
            field = text.split("`")[-2]
        return invalid(f"{text}.", **({"field": field} if field else {}))
    return invalid("The text is not valid JSON.")


def as_domain_error(error: BaseException) -> DomainError:
    """Turn any exception into a `DomainError`. Log a bug with its traceback and return `internal`."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, Http404):
        return not_found()
    if isinstance(error, RequestDataTooBig):
        return DomainError("too_large", "The body of the request is too large.")
    if isinstance(
        error, (SuspiciousOperation, BadRequest)
    ):  # Django's limits on forms, such as the number of fields
        return invalid("The headers or the body of the request are not valid.")
    if isinstance(error, DataError):
        # Validation should catch every value first. This is the last resort.
        logger.warning("the database refused a value: %s", error)
        return invalid("A value is too long or too large, or contains a character that cannot be stored.")
    if is_database_unavailable(error):
        logger.warning("the database cannot be used: %s", error)
        for observe in database_failure_observers:
            observe()
        return DomainError("unavailable", "The database cannot be reached. Please retry.", {"retryAfter": 1})
    logger.error("an operation failed", exc_info=error)
    return DomainError("internal", "An internal error occurred. Nothing was changed.")
