"""Only `conversations/writing` changes conversations and messages; everything else uses a `ConversationChange`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("chatsite", "conversations", "notifications", "presence")
EXEMPT: Final = {
    ROOT / "conversations" / "writing",
    ROOT / "conversations" / "demo.py",  # backdates messages before anybody has seen them
    ROOT / "chatsite" / "realtime",  # knows no conversations; an event has a `rev`
}

NUMBERS: Final = {
    "rev",
    "last_seq",
    "rewritten_rev",
    "last_message",
    "last_message_at",
    "last_files",
    "last_reaction",
    "last_sender",
    "active_at",
    "customer_unread",
    "business_unread",
}
NOTIFICATIONS: Final = {
    "inbox",
    "row",
}  # variables of `notifications`, whose inboxes have a `rev` of their own
MODELS: Final = {"Conversation", "ChatMessage"}
WRITES: Final = {
    "update",
    "bulk_update",
    "create",
    "bulk_create",
    "get_or_create",
    "update_or_create",
    "delete",
}
SAVES: Final = {"save", "delete"}
INSTANCES: Final = {"conversation", "message", "head"}
STATEMENTS: Final = {
    "update_conversations",
    "insert_messages",
    "stamp_messages",
    "update_messages",
}
SQL: Final = re.compile(
    r"(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+\"?"
    r"(conversations_(conversation|chatmessage)\b|\{(MESSAGES|CONVERSATIONS|Conversation|ChatMessage)\b)",
    re.IGNORECASE,
)


def wrong_lines(source: str) -> Iterator[tuple[int, str]]:
    """Return the lines where a module itself changes a conversation."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from ((node.lineno, f"sets {name}") for name in _numbers_set(target))
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, what) for what in _writes(node))
        elif isinstance(node, ast.JoinedStr | ast.Constant) and SQL.search(_text(node)):
            yield node.lineno, "has SQL that writes"


def _text(node: ast.expr) -> str:
    """Return a string, or an f-string with its expressions in braces."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _numbers_set(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Attribute) and node.attr in NUMBERS:
            owner = node.value
            if not (isinstance(owner, ast.Name) and owner.id in NOTIFICATIONS):
                yield node.attr


def _writes(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in STATEMENTS:
        yield f"calls {name}"
    if isinstance(function, ast.Attribute):
        root = function.value
        if name in SAVES and isinstance(root, ast.Name) and root.id in INSTANCES:
            yield f"calls {root.id}.{name}"
        while isinstance(root, ast.Attribute | ast.Call):
            root = root.value if isinstance(root, ast.Attribute) else root.func
        if name in WRITES and isinstance(root, ast.Name) and root.id in MODELS:
            yield f"calls {root.id}….{name}"


def modules() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [
        path
        for path in found
        if not EXEMPT.intersection([path, *path.parents]) and "migrations" not in path.parts
    ]


def test_nothing_else_changes_a_conversation() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in modules()
        for line, what in wrong_lines(path.read_text())
    ]
    assert not found, "use conversations.writing.conversation_change:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "conversation.rev += 1",
        "found.rev, found.last_seq = 1, 2",
        "head.customer_unread = 0",
        "Conversation.objects.filter(pk=key).update(rev=1)",
        "ChatMessage.objects.bulk_update(messages, ['rev'])",
        "Conversation.objects.select_related('business').get_or_create(business_id=key)",
        "message.save(update_fields=['content'])",
        "message_sql.update_messages(rows)",
        "update_conversations([conversation])",
        "cursor.execute('UPDATE conversations_conversation SET rev = rev + 1')",
        "cursor.execute(f'INSERT INTO {MESSAGES.database_name} (id) VALUES (1)')",
        "cursor.execute(f'DELETE FROM {ChatMessage._meta.db_table}')",
    ],
)
def test_each_way_around_it_is_found(source: str) -> None:
    assert list(wrong_lines(source))


@pytest.mark.parametrize(
    "source",
    [
        "inbox.rev += 1",
        "rev = conversation.rev",
        "Conversation.objects.filter(rev=1)",
        "changing.publish(event)",
    ],
)
def test_reading_is_free(source: str) -> None:
    assert not list(wrong_lines(source))
