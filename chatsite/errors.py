"""The closed list of error codes, the same on every transport.

An operation raises `DomainError`; the transports turn it into `{"error": {code, message, details?}}` with the HTTP
status, or into an `error` frame. `docs/protocol.md` documents each code; a test holds the two lists together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import Http404

logger = logging.getLogger(__name__)

# What Django raises when the database cannot be reached, or when a connection breaks.
LOST_DATABASE: Final = (OperationalError, InterfaceError)
READ_ONLY: Final = "25006"  # SQLSTATE of a write where PostgreSQL is a standby or was made read-only


def is_database_unavailable(error: BaseException) -> bool:
    """Whether the same operation may succeed later: the database is lost, too busy, or takes no writes for now."""
    if isinstance(error, LOST_DATABASE):
        return True
    return isinstance(error, DatabaseError) and getattr(error.__cause__, "sqlstate", None) == READ_ONLY


database_failure_observers: Final[
    list[Callable[[], None]]
] = []  # called for each failure; metrics count them

HTTP_STATUS: Final[dict[str, int]] = {
    "invalid": 400,  # the request's shape or a value in it
    "unknown_event": 400,  # no such command
    "unauthenticated": 401,  # no, bad, expired or revoked credentials
    "forbidden": 403,  # visible, but not yours to change
    "not_found": 404,  # not there, or not yours to see: the two look the same
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "conflict": 409,  # the thing's state does not allow it
    "too_large": 413,  # more than a limit allows
    "unsupported_media_type": 415,
    "frozen": 423,  # a moderator closed the conversation for writing
    "rate_limited": 429,  # slow down; details.retryAfter in seconds
    "internal": 500,  # our fault; nothing was changed
    "unavailable": 503,  # a service is away or too busy; retry, with the same clientId
}


class DomainError(Exception):
    """A refusal with a code of the closed list. `message` is for people, `details` for programs."""

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


def not_found(what: str = "object") -> DomainError:
    """One wording for "is not there" and "is not yours", so that ids cannot be probed."""
    return DomainError("not_found", f"No such {what}.")


def invalid(message: str, **details: Any) -> DomainError:
    return DomainError("invalid", message, details or None)


def from_decoding(error: Exception) -> DomainError:
    """What msgspec (or Python's recursion limit) says of bad JSON, as `invalid` with the field's path."""
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
    """Any failure's place in the closed list. A bug is logged with its traceback and answers `internal`."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, Http404):
        return not_found()
    if isinstance(error, RequestDataTooBig):
        return DomainError("too_large", "The request's body is too large.")
    if isinstance(
        error, (SuspiciousOperation, BadRequest)
    ):  # Django's limits on forms, such as the number of fields
        return invalid("The request cannot be read: its headers or its body are not valid here.")
    if isinstance(error, DataError):
        # Each value is checked where it comes in. This is for one that nobody thought of.
        logger.warning("the database refused a value: %s", error)
        return invalid("A value is too long, too large or has a character that cannot be stored.")
    if is_database_unavailable(error):
        logger.warning("the database cannot be used: %s", error)
        for observe in database_failure_observers:
            observe()
        return DomainError("unavailable", "The database cannot be reached. Please retry.", {"retryAfter": 1})
    logger.error("an operation failed", exc_info=error)
    return DomainError("internal", "Something went wrong on our side. Nothing was changed.")
