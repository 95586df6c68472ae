"""Refusals before a view: a page for people, and the error shape for programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from chatsite.web import error_pages


@pytest.mark.parametrize("path", ["/chat/conversations", "/nowhere", "/app", "/auth/token"])
def test_a_wrong_host(db: None, settings: Any, path: str) -> None:
    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["chat.example"]
    answer = Client(headers={"Host": "evil.example"}).get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
    page = Client(headers={"Host": "evil.example", "Accept": "text/html"}).get(path)
    assert (page.status_code, page["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_a_program_without_a_csrf_token(db: None) -> None:
    answer = Client(enforce_csrf_checks=True, headers={"Accept": "application/json"}).post("/app/open", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_a_denied_permission(rf: RequestFactory) -> None:
    answer = error_pages.permission_denied(rf.get("/admin"), PermissionDenied())
    assert (answer.status_code, b'"forbidden"' in answer.content) == (403, True)


def test_too_many_fields(db: None, settings: Any) -> None:
    settings.DEBUG, settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = False, 5
    fields = {f"field{number}": "x" for number in range(20)}
    answer = Client(raise_request_exception=False).post("/sign-in", fields)
    assert (answer.status_code, answer["Content-Type"]) == (
        400,
        "application/json",
    ) or b"did not work" in answer.content


@pytest.mark.parametrize("value", ["\x00", "x" * 5000, "9" * 400, "\u0664", "-1", "cD14", "cD0A", "\u202e"])
def test_no_value_in_an_address_or_form_is_a_failure(
    client: Client, django_user_model: Any, value: str
) -> None:
    client.force_login(django_user_model.objects.create_user("kim"))
    client.raise_request_exception = False
    addresses = {
        "/app": ("cursor", "q", "business", "show"),
        "/app/find": ("q", "cursor"),
        "/app/notifications": ("type", "unread", "cursor"),
        "/sign-in": ("next",),
    }
    for path, names in addresses.items():
        for name in names:
            assert client.get(path, {name: value}).status_code < 500, (path, name)
    key = "0" * 8 + "-0000-4000-8000-" + "0" * 12
    forms = {
        "/app/open": ("businessId",),
        f"/app/c/{key}/send": ("content", "clientId", "replyTo"),
        f"/app/c/{key}/archive": ("archived",),
        f"/app/c/{key}/rate": ("score", "comment"),
        "/app/notifications/read-all": ("type",),
        "/web/language": ("language", "next"),
        "/sign-in": ("username", "password", "next", "draftConversation"),
    }
    for path, names in forms.items():
        answer = client.post(path, dict.fromkeys(names, value))
        assert answer.status_code < 500, path
