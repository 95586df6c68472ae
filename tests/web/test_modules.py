"""The page names every module that its scripts import, and no other."""

from __future__ import annotations

import pytest

from chatsite.web.script_modules import modules_of

pytestmark = pytest.mark.standalone


def test_all_that_is_imported_is_found() -> None:
    found = modules_of("web/app.js")
    assert found[0] == "web/app.js"
    assert {
        "chat-client/chat-client.js",
        "chat-client/socket.js",
        "web/conversation_list.js",
        "web/thread/thread.js",
    } <= set(found)
    assert "chat-client/react.js" not in found
    assert len(found) == len(set(found))


def test_customers_load_nothing_of_a_team() -> None:
    for_members = set(modules_of("web/team_app.js")) - set(modules_of("web/app.js"))
    assert {"web/team/team_bar.js", "web/team/private_notes.js", "web/team/selection.js"} <= for_members
    assert all(module.startswith(("web/team/", "web/team_app.js")) for module in for_members)


def test_what_is_opened_later_is_not_fetched_at_once() -> None:
    at_once = {*modules_of("web/team_app.js"), *modules_of("widget/frame/main.js")}
    for name in ("thread/attachment_viewer", "thread/emoji_picker", "team/bulk_bar", "notification_list"):
        assert f"web/{name}.js" not in at_once


def test_a_missing_one_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"web/nowhere\.js"):
        modules_of("web/nowhere.js")
