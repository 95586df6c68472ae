"""What the process logs: one line for each event, as JSON or as text, with who it was about.

The request's id, the connection's and the user's ride in a context variable, so that a line written deep inside an
operation carries them. Nothing that people wrote to each other is logged, and no credentials: what looks like a token
is struck out of every line, and of a database's error only its first line is kept, since the others quote rows.
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
# Lines of these are about the process, in whatever connection's context they happen to be written.
OF_THE_PROCESS: Final = (
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
    """Who and what a line is about. One for each request and each connection; filled in as it becomes known."""

    request_id: str
    connection_id: str = ""
    user_id: str = ""
    route: str = ""


_current: Final[ContextVar[LogContext | None]] = ContextVar("chatsite.observability.logs", default=None)


def begin(offered: str = "") -> LogContext:
    """A new context for what runs from here on. An id that a proxy offers is kept if it looks like one."""
    context = LogContext(offered if _REQUEST_ID.fullmatch(offered) else uuid4().hex)
    _current.set(context)
    return context


def current() -> LogContext | None:
    return _current.get()


def identify(*, connection_id: str, user_id: str) -> None:
    """From here on lines of this context are about a session."""
    context = _current.get()
    if context is not None:
        context.connection_id, context.user_id = connection_id, user_id


def redacted(text: str) -> str:
    """The text without what looks like credentials."""

    def strike_out(found: re.Match[str]) -> str:
        return (found["key"] or found["scheme"] or "") + REDACTED

    return _SECRETS.sub(strike_out, text)


class _LineFormatter(logging.Formatter):
    """What both formats have in common."""

    def formatException(self, ei: Any) -> str:
        return "\n".join(_described(ei[1])) if ei[1] is not None else ""

    @staticmethod
    def about(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
        """The fields beside the message: the context's, and those given as `extra={"fields": {…}}`."""
        context = None if record.name in OF_THE_PROCESS else _current.get()
        if context is not None:
            for name in ("request_id", "connection_id", "user_id"):
                if value := getattr(context, name):
                    yield name, value
        yield from getattr(record, "fields", {}).items()


class JsonLines(_LineFormatter):
    """One JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
            **dict(self.about(record)),
        }
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, default=str)  # all ASCII: no newline and no control character gets through


class TextLines(_LineFormatter):
    """For people: the message, and what it is about behind it."""

    default_format = "%(asctime)s %(levelname)s %(name)s %(message)s"

    def __init__(self) -> None:
        super().__init__(self.default_format)

    def formatMessage(self, record: logging.LogRecord) -> str:
        about = " ".join(f"{name}={value}" for name, value in self.about(record))
        return super().formatMessage(record).replace("\n", "\\n") + (f" [{about}]" if about else "")

    def format(self, record: logging.LogRecord) -> str:
        # Other handlers would be handed the text of an exception that they format otherwise.
        kept, record.exc_text = record.exc_text, None
        try:
            return redacted(super().format(record))
        finally:
            record.exc_text = kept


def _described(error: BaseException) -> Iterator[str]:
    """A traceback with its causes, oldest first, without what a database quotes from its rows."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _described(cause)
        yield "-- and then"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    said = str(error)
    if any(kind.__name__ == "DatabaseError" for kind in type(error).__mro__):
        said = said.partition("\n")[0]
    yield f"{type(error).__module__}.{type(error).__qualname__}: {said}"


def logging_settings(*, line_format: str, level: str) -> dict[str, Any]:
    """`LOGGING` for Django: everything through one handler to the standard error.

    What the servers set up for themselves is taken over. Their access lines show query strings, tickets included; ours
    (`chatsite.access`) say the same without.
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
            "django.request": {**through_root, "level": "ERROR"},  # 4xx have their access line
            "uvicorn": through_root,
            "uvicorn.error": through_root,
            "uvicorn.access": {**through_root, "level": "WARNING"},
        },
    }
