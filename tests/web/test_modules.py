"""The page names every module that its scripts import, and no other."""

from __future__ import annotations

import pytest

from chatsite.web.modules import modules_of

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


def test_a_missing_one_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"web/nowhere\.js"):
        modules_of("web/nowhere.js")
