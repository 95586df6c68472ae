"""Dumps with all the fields that the other systems write are converted to the documented format and imported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from conversations.models import Business, ChatMessage
from tests.conversations.people import business, person
from tests.transfer.conftest import Run

pytestmark = pytest.mark.django_db

AT = 1_714_557_600


def chatwoot_agent(number: int, name: str) -> dict[str, Any]:
    """Return an agent as Chatwoot writes one in a message: without an address."""
    return {
        "id": number,
        "name": name,
        "available_name": name,
        "avatar_url": "",
        "type": "user",
        "availability_status": "offline",
        "thumbnail": "",
    }


def chatwoot_contact(number: int, name: str, email: str | None) -> dict[str, Any]:
    return {
        "additional_attributes": {"browser": {"browser_name": "Firefox"}, "referer": "https://shop.example"},
        "availability_status": "offline",
        "email": email,
        "id": number,
        "name": name,
        "phone_number": None,
        "blocked": False,
        "identifier": None,
        "thumbnail": "",
        "custom_attributes": {"plan": "gold"},
        "last_activity_at": AT,
        "created_at": AT,
    }


def chatwoot_message(number: int, kind: int, content: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "content": content,
        "account_id": 1,
        "inbox_id": 2,
        "conversation_id": 31,
        "message_type": kind,
        "created_at": AT + number,
        "updated_at": "2024-05-01T10:00:00.000Z",
        "private": False,
        "status": "sent",
        "source_id": None,
        "content_type": "text",
        "content_attributes": {},
        "sender_type": "User",
        "sender_id": 2,
        "external_source_ids": {},
        "additional_attributes": {},
        "processed_message_content": content,
        "sentiment": {},
        "conversation": {"assignee_id": 2, "unread_count": 0, "contact_inbox": {"source_id": "f0"}},
    } | more


PHOTO = {
    "id": 9,
    "message_id": 103,
    "file_type": "image",
    "account_id": 1,
    "extension": None,
    "data_url": "https://woot.example/rails/photo.png",
    "thumb_url": "https://woot.example/rails/thumb.png",
    "file_size": 1234,
    "width": 800,
    "height": 600,
}


def chatwoot_messages(contact: dict[str, Any], agent: dict[str, Any]) -> list[dict[str, Any]]:
    sent_by_contact = {"sender": {**contact, "type": "contact"}, "sender_type": "Contact", "sender_id": 5}
    return [
        chatwoot_message(101, 0, "Is it there?", **sent_by_contact),
        chatwoot_message(102, 3, "Get notified by email", content_type="input_email", sender_type=None),
        chatwoot_message(103, 0, None, attachments=[PHOTO], **sent_by_contact),
        chatwoot_message(104, 1, "Yes 👍", sender=agent, content_attributes={"in_reply_to": 101}),
        chatwoot_message(105, 1, "Do not tell them", sender=agent, private=True),
        chatwoot_message(
            106, 1, "This message was deleted", sender=agent, content_attributes={"deleted": True}
        ),
        chatwoot_message(107, 2, "Conversation was marked resolved by Olivia", sender_type=None),
    ]


def chatwoot_dump() -> list[dict[str, Any]]:
    contact, agent = chatwoot_contact(5, "Ann", "ann@home.example"), chatwoot_agent(2, "Olivia")
    messages = chatwoot_messages(contact, agent)
    conversation = {
        "meta": {
            "sender": contact,
            "channel": "Channel::WebWidget",
            "assignee": {**agent, "email": "olivia@shop.example", "role": "agent"},
            "hmac_verified": False,
        },
        "id": 31,
        "messages": messages,
        "account_id": 1,
        "uuid": "5a4bb0d2-6c53-4bd8-8a5e-4d4f7a2b1a60",
        "additional_attributes": {},
        "agent_last_seen_at": AT + 200,
        "assignee_last_seen_at": AT + 200,
        "can_reply": True,
        "contact_last_seen_at": 0,
        "custom_attributes": {},
        "inbox_id": 2,
        "labels": ["billing"],
        "muted": False,
        "snoozed_until": None,
        "status": "resolved",
        "created_at": AT,
        "updated_at": AT + 107.25,
        "timestamp": AT,
        "unread_count": 0,
        "last_non_activity_message": messages[-2],
        "priority": None,
    }
    return [conversation]


def stream_user(key: str, role: str = "user") -> dict[str, Any]:
    at = "2024-01-01T00:00:00Z"
    return {"id": key, "role": role, "created_at": at, "updated_at": at, "banned": False, "online": False}


def stream_message(number: int, user: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    at = f"2024-05-01T10:{number:02}:00.123456Z"
    return {
        "id": f"5f1e-{number}",
        "text": text,
        "html": f"<p>{text}</p>\n",
        "type": "regular",
        "user": user,
        "attachments": [],
        "latest_reactions": [],
        "own_reactions": [],
        "reaction_counts": {},
        "reaction_scores": {},
        "reply_count": 0,
        "deleted_reply_count": 0,
        "cid": "messaging:order-7",
        "created_at": at,
        "updated_at": at,
        "shadowed": False,
        "mentioned_users": [],
        "silent": False,
        "pinned": False,
        "pinned_at": None,
        "pinned_by": None,
        "pin_expires": None,
    } | more


def stream_dump(agent: User, customer: User) -> list[dict[str, Any]]:
    ours, theirs = stream_user(str(agent.pk), "admin"), stream_user(str(customer.pk))
    reaction = {"message_id": "5f1e-1", "user_id": ours["id"], "user": ours, "type": "like", "score": 1}
    manual = {
        "type": "file",
        "title": "manual.pdf",
        "asset_url": "https://stream.example/manual.pdf",
        "mime_type": "application/pdf",
        "file_size": 8,
    }
    edited = {"message_text_updated_at": "2024-05-01T11:00:00Z"}
    return [
        {
            "channel": {
                "id": "order-7",
                "type": "messaging",
                "cid": "messaging:order-7",
                "last_message_at": "2024-05-01T10:04:00Z",
                "created_at": "2024-05-01T09:00:00Z",
                "created_by": theirs,
                "frozen": False,
                "disabled": False,
                "member_count": 2,
                "config": {"name": "messaging", "typing_events": True},
            },
            "members": [
                {"user_id": theirs["id"], "user": theirs, "role": "owner", "channel_role": "channel_member"},
                {"user_id": ours["id"], "user": ours, "role": "member", "channel_role": "channel_moderator"},
            ],
            "read": [{"user": theirs, "last_read": "2024-05-01T10:03:00Z", "unread_messages": 1}],
            "messages": [
                stream_message(
                    1, theirs, "Where is order 7?", latest_reactions=[reaction], own_reactions=[reaction]
                ),
                stream_message(2, ours, "On its way", quoted_message_id="5f1e-1", **edited),
                stream_message(3, ours, "", attachments=[manual]),
                stream_message(4, ours, "A thread", parent_id="5f1e-2", show_in_channel=False),
            ],
        }
    ]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def shown(shop: Business) -> list[tuple[str, str, str, bool, bool]]:
    rows = ChatMessage.objects.filter(conversation__business=shop).order_by("seq").select_related("reply_to")
    return [
        (
            row.sender_side,
            row.content,
            row.reply_to.content if row.reply_to else "",
            row.deleted_at is not None,
            row.edited_at is not None,
        )
        for row in rows
    ]


def take_elsewhere(export: Callable[..., bytes], run: Run, shop: Business, folder: Path) -> Business:
    """Export what was imported, and import it for another business."""
    path = folder / "documented.jsonl"
    path.write_bytes(export(path, "--business", shop.slug).replace(shop.slug.encode(), b"another-shop"))
    said = run(path, "--create-businesses", "--former-members")
    assert "Rejected: 0" in said
    return Business.objects.get(slug="another-shop")


def test_the_api_of_chatwoot(run: Run, export: Callable[..., bytes], tmp_path: Path) -> None:
    olivia = person("olivia")
    shop = business(olivia)
    people = tmp_path / "people.csv"
    people.write_text("agent:2,olivia\n")
    options = ["--format", "chatwoot", "--business", shop.slug, "--create-people"]
    options += ("--user-map", str(people), "--match", "username")
    said = run(write(tmp_path / "chatwoot.jsonl", chatwoot_dump()), *options)
    assert "Imported: 6 messages" in said
    assert "private note: 1" in said
    assert shown(shop) == [
        ("customer", "Is it there?", "", False, False),
        ("system", "Get notified by email", "", False, False),
        ("customer", "image: https://woot.example/rails/photo.png", "", False, False),
        ("business", "Yes 👍", "Is it there?", False, False),
        ("business", "This message was deleted", "", True, False),
        ("system", "Conversation was marked resolved by Olivia", "", False, False),
    ]
    assert ChatMessage.objects.get(content="Yes 👍").sender == olivia
    assert shown(take_elsewhere(export, run, shop, tmp_path)) == shown(shop)


def test_a_channel_of_stream(run: Run, export: Callable[..., bytes], tmp_path: Path) -> None:
    agent, customer = person("agent"), person("ann")
    shop = business(agent)
    path = write(tmp_path / "stream.jsonl", stream_dump(agent, customer))
    said = run(path, "--format", "stream", "--business", shop.slug)
    assert "Imported: 4 messages" in said
    assert "reaction: 1" in said
    assert shown(shop) == [
        ("customer", "Where is order 7?", "", False, False),
        ("business", "On its way", "Where is order 7?", False, True),
        ("business", "manual.pdf: https://stream.example/manual.pdf", "", False, False),
        ("business", "A thread", "On its way", False, False),
    ]
    assert shown(take_elsewhere(export, run, shop, tmp_path)) == shown(shop)
