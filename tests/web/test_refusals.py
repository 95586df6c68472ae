"""Error pages for browsers, and error answers for programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import InternalError, OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from psycopg.errors import ReadOnlySqlTransaction

from chatsite.http.error_answers import ErrorAnswers
from chatsite.web import error_pages

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nowhere", "/chat/nowhere", "/app/nowhere/at-all"])
def test_an_address_that_leads_nowhere(db: None, path: str) -> None:
    page = Client().get(path, headers=HTML)
    assert page.status_code == 404
    assert "Not found" in page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    for accept in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        answer = Client().get(path, headers=accept)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", ["/nowhere", "/admin/nowhere/"])
def test_an_unknown_address_in_development(db: None, settings: Any, path: str) -> None:
    settings.DEBUG = True
    browser = Client()
    browser.force_login(User.objects.create(username="root", is_staff=True))
    page = browser.get(path, headers=HTML)
    assert page.status_code == 404
    assert "Back to your conversations" in page.content.decode()
    assert browser.get(path).json()["error"]["code"] == "not_found"


def test_a_failure_of_ours_needs_no_database_to_say_so(rf: RequestFactory) -> None:
    page = error_pages.server_error(rf.get("/app", headers=HTML))
    assert page.status_code == 500
    assert "Something went wrong on our side" in page.content.decode()
    answer = error_pages.server_error(rf.get("/chat/conversations"))
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/json"


def test_an_expired_form_says_what_to_do(db: None, settings: Any) -> None:
    page = Client(enforce_csrf_checks=True).post("/sign-in", {"username": "carol", "password": "x"})
    assert page.status_code == 403
    assert "reload the page" in page.content.decode()


@pytest.mark.parametrize("failure", [OperationalError("gone"), InternalError("a standby")])
def test_every_view_says_that_the_database_is_away(rf: RequestFactory, failure: Exception) -> None:
    """Views of Django and of other packages, such as the admin, do not handle the error."""
    failure.__cause__ = ReadOnlySqlTransaction()
    middleware = ErrorAnswers(lambda request: HttpResponse())
    page = middleware.process_exception(rf.post("/admin/", headers=HTML), failure)
    assert page is not None
    assert (page.status_code, b"busy" in page.content) == (503, True)
    answer = middleware.process_exception(rf.post("/admin/"), failure)
    assert answer is not None
    assert (answer.status_code, b'"unavailable"' in answer.content) == (503, True)


def test_a_bug_is_no_outage(rf: RequestFactory) -> None:
    middleware = ErrorAnswers(lambda request: HttpResponse())
    assert middleware.process_exception(rf.post("/admin/"), InternalError("a bug")) is None
