"""No value in a query string, a path or a body causes a server error."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from conversations.models import ChatMessage
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def forged(text: str) -> str:
    return b64encode(text.encode()).decode()


def own(active_at: str) -> str:
    return urlsafe_b64encode(f'["{active_at}","{uuid4()}",false]'.encode()).decode()


CURSORS = [
    "cD0A",
    "cD14",
    "x",
    "é",
    "====",
    "\x00",
    *(
        forged(text)
        for text in ("p=%00", "p=x", "p=", "o=1000000", "r=x", "p=9" * 30, f"p={uuid4()}", "p=%FF", "p=-1")
    ),
    forged("p=9999-12-31T23:59:59-14:00"),
    *(own(moment) for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "x", "\\u0000")),
]
TEXTS = [
    "\x00",
    "\udcff".encode("utf-8", "surrogatepass").decode("latin-1"),
    "%",
    "_",
    "'",
    "\\",
    "9" * 400,
    "é" * 400,
]
NUMBERS = ["-1", "0", "1e3", "٣", "9" * 12, "9" * 30, "\x00", "", " 1", "NaN", "9223372036854775808"]
FLAGS = ["maybe", "\x00", "٣"]


def requests(head: Any, message: Any) -> list[tuple[str, str, list[str]]]:
    at = f"/chat/conversations/{head.pk}"
    lists = (
        "/chat/conversations",
        "/chat/businesses",
        "/notifications",
        "/team/invitations",
        "/widget/sites",
    )
    edits, people = f"/chat/messages/{message.pk}/edits", f"{at}/people"
    return [
        *((path, "cursor", CURSORS) for path in (*lists, edits, people, f"{at}/messages")),
        *((path, "limit", NUMBERS) for path in (*lists, edits, people, f"{at}/messages")),
        *((f"{at}/messages", name, NUMBERS) for name in ("before", "after")),
        *((path, "search", TEXTS) for path in lists[:2]),
        *(("/chat/conversations", name, FLAGS) for name in ("archived", "unread")),
        ("/chat/conversations", "businessId", TEXTS),
        ("/presence", "userIds", [*TEXTS, *NUMBERS]),
    ]


def test_query_strings() -> None:
    owner = person()
    head = conversation(business(owner))
    say(head, owner, ["hello"])
    api = client_of(owner)
    api.raise_request_exception = False
    wrong = [
        (path, name, value)
        for path, name, values in requests(head, ChatMessage.objects.get())
        for value in values
        if api.get(path, {name: value}).status_code >= 500
    ]
    assert wrong == []


@pytest.mark.parametrize("path", ["/chat/businesses", "/notifications", "/team/invitations", "/widget/sites"])
@pytest.mark.parametrize("cursor", ["cD0A", forged("p=%00"), "x"])
def test_a_forged_cursor_is_invalid(path: str, cursor: str) -> None:
    answer = client_of(person()).get(path, {"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_paths_and_bodies() -> None:
    owner = person()
    head = conversation(business(owner))
    say(head, owner, ["hello"])
    message = ChatMessage.objects.get()
    api = client_of(owner)
    api.raise_request_exception = False
    values: list[Any] = ["\x00", "9" * 40, "٣", -1, 10**30, None, [], {}, True, "\u202e"]
    bodies = [
        ("post", "/chat/conversations", ("businessId", "customerId")),
        (
            "post",
            f"/chat/conversations/{head.pk}/messages",
            ("content", "clientId", "replyTo", "messageType"),
        ),
        ("patch", f"/chat/conversations/{head.pk}", ("archived",)),
        ("patch", f"/chat/messages/{message.pk}", ("content",)),
        ("post", "/chat/reports", ("conversationId", "messageId", "userId", "reason", "text")),
    ]
    valid = {
        "businessId": str(head.business_id),
        "conversationId": str(head.pk),
        "reason": "spam",
        "content": "x",
    }
    wrong: list[Any] = []
    for method, path, names in bodies:
        for name, value in product(names, values):
            answer = getattr(api, method)(path, {**valid, name: value}, format="json")
            wrong += [(path, name, value)] if answer.status_code >= 500 else []
    for value in ("%00", "9" * 60, "%D9%A3", "%F0%9F%98%80", "%FF"):
        for path in (
            "conversations",
            "messages",
            f"conversations/{value}/messages",
            f"messages/{value}/edits",
        ):
            wrong += [(path, value)] if api.get(f"/chat/{path}/{value}").status_code >= 500 else []
            wrong += [(path, value)] if api.get(f"/chat/{path}").status_code >= 500 else []
    assert wrong == []


ADMIN_TERMS = [
    "\x00",
    "text:\x00abc",
    "on:9999-12-31",
    "until:9999-12-31",
    "on:0001-01-01",
    "since:0000-00-00",
    "on:2026-02-30",
]
ADMIN_FILTERS = {
    "active_at__gte": ["9999-12-31 23:59:59-14:00", "0001-01-01 00:00:00+14:00", "x", "\x00"],
    "created_at__gte": ["9999-12-31 23:59:59-14:00", "x", "\x00"],
    "at__gte": ["9999-12-31 23:59:59-14:00", "x", "\x00"],
    "business__id__exact": ["x", "\x00", "9" * 40],
    "role__exact": ["\x00"],
    "subject_id": ["\x00"],
    "frozen": ["\x00"],
    "p": ["-1", "9" * 30, "x"],
    "o": ["9" * 30, "\x00"],
}


def test_the_admin(admin_client: Client) -> None:
    admin_client.raise_request_exception = False
    customer = person()
    head = conversation(business(person()), customer)
    say(head, customer, ["hello"])
    lists = ("conversation", "report", "auditentry", "membership", "business")
    asked = [(f"{name}/", {"q": term}) for name in lists for term in ADMIN_TERMS]
    asked += [
        (f"{name}/", {key: value})
        for name in lists
        for key, values in ADMIN_FILTERS.items()
        for value in values
    ]
    transcript = f"conversation/{head.pk}/change/"
    asked += [
        (transcript, {key: value})
        for key in ("before", "after", "around", "on", "q")
        for value in (*NUMBERS, *TEXTS, "9999-12-31", "0001-01-01", "2026-02-30")
    ]
    wrong = [
        (path, query)
        for path, query in asked
        if admin_client.get(f"/admin/conversations/{path}", query).status_code >= 500
    ]
    assert wrong == []
