"""A row of the list shows who wrote last and the message's status. The server's page and the live list agree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from django.contrib.auth.models import User

from chatsite.web.last_message import last_messages
from conversations import operations
from conversations.conversation_list import conversation_page
from conversations.models import Membership
from conversations.reactions.operations import add_reaction
from tests.client_js.node import find_node, node_environment
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db

MODULE: Final = Path(__file__).parents[2] / "chatsite/web/static/web/last_message.js"


@pytest.fixture
def people() -> tuple[User, User]:
    """A member of a business, and a colleague."""
    reader, colleague = person(), person("amir")
    shop = business(reader)
    Membership.objects.create(business=shop, user=colleague)
    first = conversation(shop)
    say(first, first.customer, ["From the customer"])
    second = conversation(shop)
    say(second, reader, ["From the reader"])
    operations.mark_read(user_id=second.customer.pk, conversation_id=second.pk)
    third = conversation(shop)
    say(third, colleague, ["From the colleague"])
    add_reaction(user_id=colleague.pk, message_id=first.messages.get().pk, emoji="👍")
    return reader, colleague


def said_by_the_server(reader: User) -> list[list[str]]:
    shown = conversation_page(reader.pk, limit=30).conversations
    return [[row.text, row.sender, row.status] for row in last_messages(shown, str(reader.pk))]


def said_by_the_page(reader: User, names: dict[str, str], pending: list[dict[str, Any]]) -> list[list[str]]:
    shown = msgspec.to_builtins(conversation_page(reader.pk, limit=30).conversations)
    script = f"""
        globalThis.gettext = (text) => text;
        globalThis.interpolate = (text, values) => text.replace(/%[(](\\w+)[)]s/g, (_, name) => values[name]);
        const {{ lastMessage }} = await import({json.dumps(str(MODULE))});
        const [shown, names, pending] = {json.dumps([shown, names, pending])};
        const told = {{ me: {{ id: {json.dumps(str(reader.pk))} }}, pending, nameOf: (id) => names[id] }};
        const rows = shown.map((one) => lastMessage(one, told));
        console.log(JSON.stringify(rows.map(({{ text, sender, status }}) => [text, sender, status])));
    """
    command = [find_node(), "--input-type=module", "--eval", script]
    done = subprocess.run(command, env=node_environment(), capture_output=True, text=True, check=True)
    rows: list[list[str]] = json.loads(done.stdout)
    return rows


def test_both_say_who_spoke_last(people: tuple[User, User]) -> None:
    reader, colleague = people
    rows = said_by_the_server(reader)
    assert rows == [
        ["From the colleague", "amir", "sent"],
        ["From the reader", "You", "read"],
        ["Reacted 👍 to “From the customer”", "", ""],
    ]
    assert said_by_the_page(reader, {str(colleague.pk): "amir"}, []) == rows


def test_a_message_that_waits_comes_before_those_that_are_stored(people: tuple[User, User]) -> None:
    reader, _ = people
    waiting: list[dict[str, Any]] = [
        {"content": "Soon", "attachments": [], "status": status} for status in ("failed", "sending")
    ]
    assert said_by_the_page(reader, {}, waiting) == [["Soon", "You", "sending"]] * 3


def test_a_former_colleague_has_no_name(people: tuple[User, User]) -> None:
    reader, colleague = people
    Membership.objects.filter(user=colleague).delete()
    assert said_by_the_server(reader)[0] == ["From the colleague", "Your team", "sent"]
    assert said_by_the_page(reader, {}, [])[0] == ["From the colleague", "Your team", "sent"]
