"""The formats of log lines, and what is removed from them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from chatsite.observability import logs
from chatsite.observability.logs import JsonLines, TextLines, redacted
from conversations.models import Business

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJl"


def record(message: str, *arguments: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord(
        "some.module", logging.WARNING, __file__, 1, message, arguments, more.pop("exc_info", None)
    )
    made.__dict__.update(more)
    return made


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /chat?ticket=abc&x=1 accepted", "GET /chat?ticket=[redacted]&x=1 accepted"),
        ("/chat?x=1&access=abc'", "/chat?x=1&access=[redacted]'"),
        ("Authorization: Bearer abc.def, next", "Authorization: Bearer [redacted], next"),
        (f"the token {JWT} was refused", "the token [redacted] was refused"),
        ("the ticket is not valid", "the ticket is not valid"),
        ("batch of 400 changes", "batch of 400 changes"),
    ],
)
def test_credentials_are_removed(line: str, expected: str) -> None:
    assert redacted(line) == expected
    assert json.loads(JsonLines().format(record("%s", line)))["message"] == expected
    assert expected in TextLines().format(record("%s", line))


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    text = 'two\nlines "quoted" \u2028 and \ud800 a lone surrogate \x1b[31m'
    line = JsonLines().format(record(text, fields={"path": "/a\nb"}))
    assert line.isascii()
    assert not {"\n", "\x1b"} & set(line)
    assert json.loads(line)["path"] == "/a\nb"
    assert "\n" not in TextLines().format(record(text, fields={"path": "/a"}))


def test_the_context_is_added_but_not_to_lines_about_the_process() -> None:
    context = logs.begin("a-request-id")
    logs.identify(connection_id="c1", user_id="7")
    line = json.loads(JsonLines().format(record("hello", fields={"user_id": "8"})))
    assert (line["request_id"], line["connection_id"], line["user_id"]) == ("a-request-id", "c1", "8")
    assert "[request_id=a-request-id connection_id=c1 user_id=7]" in TextLines().format(record("hello"))
    about_redis = record("lost Redis")
    about_redis.name = "chatsite.realtime.redis.layer"
    assert "request_id" not in json.loads(JsonLines().format(about_redis))
    assert context is logs.current()


@pytest.mark.django_db
def test_rows_quoted_by_a_database_are_left_out() -> None:
    secret = "what-somebody-wrote"
    Business.objects.create(name=secret, slug=secret)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Business.objects.create(name="other", slug=secret)
    failure = record("failed", exc_info=(caught.type, caught.value, caught.tb))
    formatted = [formatter.format(failure) for formatter in (JsonLines(), TextLines())]
    said = json.loads(formatted[0])["exception"]
    assert "IntegrityError" in said
    assert "test_log_lines.py" in said  # the traceback is there
    assert "-- and then" in said  # and the driver's own error before it
    if connection.vendor == "postgresql":
        assert "duplicate key value" in said
    for text in formatted:
        assert secret not in text
