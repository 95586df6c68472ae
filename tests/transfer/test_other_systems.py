"""Exports of Stream Chat and dumps of Chatwoot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conversations.models import ChatMessage
from tests.conversations.people import business, person
from tests.transfer.conftest import Run

pytestmark = pytest.mark.django_db


def stream_message(number: int, user: str, text: str, **more: Any) -> dict[str, Any]:
    at = f"2024-05-01T10:0{number}:00.123456Z"
    line = {"id": f"s{number}", "text": text, "type": "regular", "user": {"id": user}, "created_at": at}
    return line | {"html": "", "attachments": [], "latest_reactions": [], "updated_at": at} | more


def stream_channel(ours: str, theirs: str) -> dict[str, Any]:
    picture = {"type": "image", "image_url": "https://cdn.example/a.png", "fallback": "a.png"}
    preview = {"og_scrape_url": "https://shop.example", "image_url": "https://shop.example/x.png"}
    return {
        "channel": {
            "id": "c1",
            "type": "messaging",
            "cid": "messaging:c1",
            "created_at": "2024-05-01T09:00:00Z",
        },
        "members": [{"user_id": theirs}, {"user_id": ours, "user": {"id": ours, "role": "admin"}}],
        "read": [{"user": {"id": ours}, "last_read": "2024-05-01T10:02:30Z", "unread_messages": 1}],
        "messages": [
            stream_message(2, ours, "Yes", quoted_message_id="s1"),
            stream_message(1, theirs, "Do you have it?", attachments=[preview], latest_reactions=[{}]),
            stream_message(3, theirs, "", attachments=[picture]),
            stream_message(4, ours, "Gone", type="deleted", deleted_at="2024-05-01T11:00:00Z"),
            stream_message(5, ours, "Only you see this", type="ephemeral"),
            stream_message(6, ours, "ann left", type="system"),
        ],
    }


def test_a_channel_export_of_stream_chat(run: Run, tmp_path: Path) -> None:
    agent, customer = person("agent"), person("ann")
    shop = business(agent)
    ours, theirs = str(agent.pk), str(customer.pk)
    channel = stream_channel(ours, theirs)
    path = tmp_path / "stream.jsonl"
    path.write_text(json.dumps(channel) + "\nnot json\n")
    said = run(path, "--format", "stream", "--business", shop.slug)
    assert "Imported: 5 messages" in said
    for line in ("reaction: 1", "ephemeral message: 1", "bad_line: 1"):
        assert line in said
    rows = list(ChatMessage.objects.filter(conversation__business=shop).order_by("seq"))
    assert [(row.sender_side, row.content, row.status) for row in rows] == [
        ("customer", "Do you have it?", "read"),
        ("business", "Yes", "sent"),
        ("customer", "a.png: https://cdn.example/a.png", "sent"),
        ("business", "Gone", "sent"),
        ("system", "ann left", "sent"),
    ]
    assert rows[1].reply_to == rows[0]
    assert rows[3].deleted_at is not None
    assert "The file and the import agree." in run(
        path, "--verify", "--format", "stream", "--business", shop.slug
    )


def test_several_people_may_be_the_customer(run: Run, tmp_path: Path) -> None:
    ann, colleague = person("ann"), person("colleague")
    shop = business(person("agent"))
    members = [{"user_id": str(ann.pk)}, {"user_id": str(colleague.pk)}]
    channel = {
        "channel": {"id": "c1", "type": "messaging"},
        "members": members,
        "messages": [stream_message(1, str(colleague.pk), "Hello")],
    }
    path, agents = tmp_path / "stream.jsonl", tmp_path / "agents.txt"
    path.write_text(json.dumps(channel))
    options = ("--format", "stream", "--business", shop.slug, "--former-members")
    assert "ambiguous_customer: 1" in run(path, *options)
    agents.write_text(f"{colleague.pk}\n")
    assert "Imported: 1 messages" in run(path, *options, "--agents", str(agents))
    assert ChatMessage.objects.get(conversation__business=shop).sender_side == "business"


def chatwoot_message(number: int, kind: int, content: str | None, **more: Any) -> dict[str, Any]:
    line = {"id": number, "content": content, "message_type": kind, "created_at": 1714557600 + number}
    return line | {"private": False, "status": "sent", "content_type": "text", "inbox_id": 1} | more


def chatwoot_conversation() -> dict[str, Any]:
    writer = {"id": 1, "name": "Agent", "email": "Agent@shop.example", "type": "user"}
    bot = {"id": 1, "name": "Bot", "type": "agent_bot"}
    file = {"id": 3, "file_type": "image", "data_url": "https://woot.example/a.png"}
    return {
        "id": 7,
        "meta": {
            "sender": {"id": 1, "name": "Ann", "email": "ann@home.example"},
            "channel": "Channel::Email",
        },
        "agent_last_seen_at": 1714557602,
        "messages": [
            chatwoot_message(4, 0, None, attachments=[file]),
            chatwoot_message(1, 0, "Hello"),
            chatwoot_message(
                2, 1, "Hi!", sender=writer, content_attributes={"in_reply_to": 1}, status="read"
            ),
            chatwoot_message(3, 1, "A secret", sender=writer, private=True),
            chatwoot_message(5, 1, "I am a bot", sender=bot),
            chatwoot_message(6, 2, "Conversation was resolved by Agent"),
        ],
    }


def test_a_dump_of_chatwoot(run: Run, tmp_path: Path) -> None:
    agent = person("agent")
    agent.email = "agent@shop.example"
    agent.save()
    shop = business(agent)
    source = chatwoot_conversation()
    path = tmp_path / "chatwoot.jsonl"
    far = {**source, "id": 8, "messages": [chatwoot_message(9, 0, "Far", created_at=10**30)]}
    path.write_text(json.dumps(source) + "\n" + json.dumps(far) + "\n")
    options = ("--format", "chatwoot", "--business", shop.slug, "--create-people", "--former-members")
    said = run(path, *options)
    assert "Imported: 5 messages" in said
    assert "2 people" in said
    assert "private note: 1" in said
    assert "bad_line: 1" in said
    rows = list(ChatMessage.objects.filter(conversation__business=shop).order_by("seq"))
    assert [(row.sender_side, row.sender_kind, row.content, row.status) for row in rows] == [
        ("customer", "person", "Hello", "read"),
        ("business", "person", "Hi!", "read"),
        ("customer", "person", "image: https://woot.example/a.png", "sent"),
        ("business", "bot", "I am a bot", "sent"),
        ("system", "system", "Conversation was resolved by Agent", "sent"),
    ]
    assert rows[1].sender == agent
    assert rows[1].reply_to == rows[0]
    assert "secret" not in "".join(row.content for row in rows)
