"""The commands that create or find users work with a user model without a username."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.embedding.conftest import Shop

pytestmark = pytest.mark.standalone

DEMO_PEOPLE = """
import json
from conversations.models import Conversation
from people.models import Person

person = Person.objects.get(email="carol@demo.example")
lines = Conversation.objects.get(customer=person).last_seq
print(json.dumps({"called": person.called, "signs_in": person.check_password("demo-pass-1"), "messages": lines}))
"""


@pytest.fixture(scope="module")
def demo(shop: Shop) -> str:
    """Create the demonstration users. Return what the command printed."""
    return shop.manage("demo", "--force")


def test_the_demo_creates_users_with_an_address(shop: Shop, demo: str) -> None:
    assert "owner olivia@demo.example" in demo
    shop.manage("demo", "--force")  # a second run creates nobody again
    found = json.loads(shop.manage("shell", "--verbosity", "0", "-c", DEMO_PEOPLE))
    assert found == {"called": "Carol Jensen", "signs_in": True, "messages": 7}


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("users", ["email", "username"])
def test_an_import_finds_users_by_their_address(shop: Shop, tmp_path: Path, users: str) -> None:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, sender_id, receiver_id, content, created_at)"
        )
        old.execute("INSERT INTO messages VALUES (1, ?, ?, 'Hello', '2020-01-01 10:00:00')",
                    ("carol@demo.example", "olivia@demo.example"))  # fmt: skip
    command = ("import_legacy_messages", "--source", f"sqlite:///{path}", "--name", users, "--users", users)
    assert "Messages moved: 1" in shop.manage(*command, "--rejects", str(tmp_path / "rejects.jsonl"))
