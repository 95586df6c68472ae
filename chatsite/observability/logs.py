"""Log one line for each event, as JSON or as text, with the ids of its request, connection and user.

A context variable holds the ids, so that a line written deep inside an operation has them. Logs contain no messages of
users and no credentials: text that looks like a token is redacted in every line. Only the first line of a database
error is logged, because the others quote rows.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

REDACTED: Final = "[redacted]"
# Loggers whose lines are about the process. A line gets no ids, in whatever context it is written.
PROCESS_LOGGERS: Final = (
    "chatsite.realtime.redis.layer",
    "chatsite.realtime.redis.connection",
    "chatsite.realtime.hub",
    "chatsite.observability.metrics.endpoint",
)

_SECRETS: Final = re.compile(
    r"(?P<key>\b(?:ticket|token|access|refresh|password|secret)=)[^&\s\"']+"
    r"|(?P<scheme>\bBearer\s+)[^\s\"',]+"
    r"|\beyJ[\w-]{6,}\.[\w-]+\.[\w-]*",
    re.IGNORECASE,
)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,128}")


@dataclass(slots=True)
class LogContext:
    """The ids that a line is logged with. Each request and each connection has one, filled in step by step."""

    request_id: str
    connection_id: str = ""
    user_id: str = ""
    route: str = ""
    path_secret: str = ""  # a part of the path that works like a password


_current: Final[ContextVar[LogContext | None]] = ContextVar("chatsite.observability.logs", default=None)


def begin(offered: str = "") -> LogContext:
    """Begin a new context. `offered` is the id that a proxy sent; it is used if it has the form of an id."""
    context = LogContext(offered if _REQUEST_ID.fullmatch(offered) else uuid4().hex)
    _current.set(context)
    return context


def current() -> LogContext | None:
    return _current.get()


def identify(*, connection_id: str, user_id: str) -> None:
    """Add the ids of a session to the current context."""
    context = _current.get()
    if context is not None:
        context.connection_id, context.user_id = connection_id, user_id


def redacted(text: str) -> str:
    """Return the text with everything that looks like credentials replaced."""

    def replacement(found: re.Match[str]) -> str:
        return (found["key"] or found["scheme"] or "") + REDACTED

    return _SECRETS.sub(replacement, text)


class _LineFormatter(logging.Formatter):
    """The base class of both formats."""

    def formatException(self, ei: Any) -> str:
        return "\n".join(_traceback_lines(ei[1])) if ei[1] is not None else ""

    @staticmethod
    def fields_of(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
        """Yield the ids of the context, and the fields passed as `extra={"fields": {…}}`."""
        context = None if record.name in PROCESS_LOGGERS else _current.get()
        if context is not None:
            for name in ("request_id", "connection_id", "user_id"):
                if value := getattr(context, name):
                    yield name, value
        yield from getattr(record, "fields", {}).items()


class JsonLines(_LineFormatter):
    """Format a record as one JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
            **dict(self.fields_of(record)),
        }
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, default=str)  # ASCII only, so no newline or control character is written


class TextLines(_LineFormatter):
    """Format a record for people: the message, followed by its fields."""

    default_format = "%(asctime)s %(levelname)s %(name)s %(message)s"

    def __init__(self) -> None:
        super().__init__(self.default_format)

    def formatMessage(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in self.fields_of(record))
        return super().formatMessage(record).replace("\n", "\\n") + (f" [{fields}]" if fields else "")

    def format(self, record: logging.LogRecord) -> str:
        # `exc_text` caches the traceback for all handlers, but other handlers have another format.
        cached, record.exc_text = record.exc_text, None
        try:
            return redacted(super().format(record))
        finally:
            record.exc_text = cached


def _traceback_lines(error: BaseException) -> Iterator[str]:
    """Yield the traceback and those of its causes, oldest first, without the rows that a database error quotes."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _traceback_lines(cause)
        yield "-- and then"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    text = str(error)
    if any(kind.__name__ == "DatabaseError" for kind in type(error).__mro__):
        text = text.partition("\n")[0]
    yield f"{type(error).__module__}.{type(error).__qualname__}: {text}"


def logging_settings(*, line_format: str, level: str) -> dict[str, Any]:
    """Return `LOGGING` for Django: one handler writes every line to standard error.

    The settings replace those of the servers, whose access lines contain query strings and so tickets. The lines of
    `chatsite.access` have the same information without them.
    """
    through_root: dict[str, Any] = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "chatsite.observability.logs.JsonLines"},
            "text": {"()": "chatsite.observability.logs.TextLines"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": line_format}},
        "root": {"handlers": ["console"], "level": level.upper()},
        "loggers": {
            "django": {**through_root, "level": "INFO"},
            "django.request": {**through_root, "level": "ERROR"},  # a 4xx answer has its access line
            "uvicorn": through_root,
            "uvicorn.error": through_root,
            "uvicorn.access": {**through_root, "level": "WARNING"},
        },
    }
