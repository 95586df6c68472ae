"""A check tells a project that replaces `REST_FRAMEWORK` which classes of the chat are missing."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from chatsite.config.defaults import REST_FRAMEWORK
from chatsite.config.host_checks import check_project

pytestmark = pytest.mark.standalone


def warnings() -> list[str]:
    return [message.msg for message in check_project(None) if message.id == "chatsite.W002"]


def test_additions_to_the_chats_settings_are_fine(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {**REST_FRAMEWORK, "PAGE_SIZE": 20}
    assert warnings() == []


def test_missing_classes_are_named(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {**REST_FRAMEWORK, "EXCEPTION_HANDLER": "shop.errors.handle"}
    settings.REST_FRAMEWORK.pop("DEFAULT_PARSER_CLASSES")
    parsers = ", ".join(sorted(REST_FRAMEWORK["DEFAULT_PARSER_CLASSES"]))
    assert warnings() == [
        f"REST_FRAMEWORK['DEFAULT_PARSER_CLASSES'] lacks {parsers}.",
        "REST_FRAMEWORK['EXCEPTION_HANDLER'] lacks chatsite.http.api.exception_handler.",
    ]
