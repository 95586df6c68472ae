"""Moderators search by names, days and words together, at a limited cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.models import Business, ChatMessage, Conversation, Membership
from conversations.moderation.erasure import erase_person
from conversations.moderation.operations import hide_message
from conversations.moderation.retention import delete_expired_messages
from conversations.search.message_index import add_to_index, entry_of
from conversations.search.queries import Filters, find_messages
from tests.moderation.conftest import Shop

LIST = "/admin/conversations/conversation/"
MARCH = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def archive(shop: Shop) -> Shop:
    """Carol wrote to the shop on 3 March and 5 March, and Otto to another business on 4 March."""
    bakery = Business.objects.create(name="Bakery", slug="bakery")
    baker = User.objects.create(username="bea", first_name="Bea")
    Membership.objects.create(business=bakery, user=baker)
    other = Conversation.objects.create(business=bakery, customer=shop.outsider)
    _say(shop.conversation, "Zanzibar", MARCH)
    _say(other, "Zanzibar too", MARCH + timedelta(days=1))
    _say(shop.conversation, "Good bye", MARCH + timedelta(days=2))
    return shop


def _say(conversation: Conversation, content: str, at: datetime) -> None:
    head = Conversation.objects.get(pk=conversation.pk)
    head.last_seq = head.rev = head.last_seq + 1
    message = ChatMessage.objects.create(
        conversation=head,
        seq=head.last_seq,
        rev=head.rev,
        sender_side="system",
        content=content,
        created_at=at,
    )
    add_to_index([entry_of(message.pk, head.business_id, at, content)])
    head.created_at = at if head.last_seq == 1 else head.created_at
    head.last_message_at = head.active_at = at
    head.save()


def found(client: Client, term: str, **filters: str) -> set[str]:
    """Return the businesses of the listed conversations. Each business has one."""
    page = client.get(LIST, {"q": term, **filters})
    assert page.status_code == 200
    return {conversation.business.slug for conversation in page.context["cl"].result_list}


@pytest.mark.parametrize(
    ("term", "slugs"),
    [
        ("on:2026-03-03", {"shop"}),
        ("on:2026-03-04", {"shop", "bakery"}),  # active, though nobody wrote in the shop
        ("on:2026-03-06", set()),
        *((f"{verb}:{day}", set()) for verb in ("on", "until") for day in ("9999-12-31", "0000-01-01")),
        ("on:0001-01-01", set()),
        ("since:2026-03-05", {"shop"}),
        ("until:2026-03-03", {"shop"}),
        ("since:2026-03-04 until:2026-03-04", {"shop", "bakery"}),
        ("text:zanzibar", {"shop", "bakery"}),
        ("on:2026-03-04 text:zanzibar", {"bakery"}),
        ("On:2026-03-04 Text:ZANZIBAR", {"bakery"}),
        ("since:2026-03-05 text:zanzibar", set()),
        ("carol text:zanzibar", {"shop"}),
        ("carol text:too", set()),
        ("Bakery text:zanzibar", {"bakery"}),
        ("bea since:2026-03-01 text:zanzibar", {"bakery"}),
        ("amir on:2026-03-03 text:zanzibar", {"shop"}),
        ("on:2026-02-30", set()),
        ("on:yesterday", set()),
        ("context:zanzibar", set()),
        ("carol text:", set()),
    ],
)
def test_names_days_and_words_go_together(archive: Shop, desk: Client, term: str, slugs: set[str]) -> None:
    assert found(desk, term) == slugs


def test_words_are_found_as_by_their_readers_and_in_removed_messages(
    archive: Shop, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_message(actor=None, message_id=ChatMessage.objects.get(content="Zanzibar too").pk, reason="x")
    for words in ("zanz", "ZANZIBAR", "zanzíbar"):
        assert found(desk, f"text:{words}") == {"shop", "bakery"}
    assert found(desk, 'text:"zanzibar too"') == {"bakery"}
    assert found(desk, "text:anzibar") == set()
    monkeypatch.setattr("conversations.admin.search.SCOPE", 0)  # the name leaves too many conversations
    assert found(desk, "carol text:zanzibar") == {"shop"}
    ChatMessage.objects.filter(hidden_at=None).update(content="")
    assert found(desk, "text:zanzibar") == {"shop", "bakery"}  # only the index is used


def test_erased_and_expired_messages_are_not_found(shop: Shop, desk: Client, settings: Any) -> None:
    shop.say(shop.carol, "private zanzibar")
    shop.say(shop.amir, "old zanzibar")
    erase_person(actor=None, user_id=shop.carol.pk, reason="asked for")
    assert found(desk, "text:private") == set()
    assert found(desk, "text:zanzibar") == {"shop"}
    settings.MESSAGE_DAYS = 30
    ChatMessage.objects.update(created_at=MARCH)
    delete_expired_messages()
    assert found(desk, "text:zanzibar") == set()
    assert find_messages(shop.amir.pk, "zanzibar", Filters(), limit=20).results == []


if connection.vendor == "postgresql":

    def test_a_search_of_messages_uses_their_indexes(archive: Shop, desk: Client) -> None:
        with CaptureQueriesContext(connection) as asked:
            found(desk, "text:zanzibar")
        statements = [
            row["sql"] for row in asked if "created_at" in row["sql"] and "LIMIT 10000" in row["sql"]
        ]
        statements += [row["sql"] for row in asked if "LIMIT 20000" in row["sql"]]
        assert len(statements) == 2
        plans = []
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # the tables are small
            for statement in statements:
                cursor.execute(f"EXPLAIN {statement}")
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
        assert "search_tokens" in plans[0] or "conversations_indexedmessage_pkey" in plans[0]
        assert "message_removed" in plans[1]
        assert "Seq Scan" not in "".join(plans)


@pytest.mark.parametrize(
    ("term", "most"),
    [
        ("", 9),
        ("shop", 10),
        ("on:2026-03-03", 9),
        ("text:zanzibar", 10),
        ("since:2026-03-01 text:zanzibar", 11),
        ("shop since:2026-03-01 text:zanzibar", 13),
    ],
)
def test_no_search_counts_messages_or_all_conversations(
    archive: Shop, desk: Client, term: str, most: int
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found(desk, term)
    # A savepoint and PostgreSQL's time limit read nothing.
    reads_nothing = ("SAVEPOINT", "RELEASE SAVEPOINT", "SET LOCAL statement_timeout")
    statements = [row["sql"] for row in queries if not row["sql"].startswith(reads_nothing)]
    counts = [sql for sql in statements if "COUNT(" in sql]
    assert counts
    for sql in counts:
        assert "conversations_chatmessage" not in sql
        assert "LIMIT 2000" in sql
    assert all("LIMIT" in sql for sql in statements if "conversations_chatmessage" in sql)
    assert len(statements) <= most


def test_the_transcript_opens_at_a_day(archive: Shop, desk: Client) -> None:
    path = f"{LIST}{archive.conversation.pk}/change/"

    def shown(day: str) -> list[str]:
        return [message.content for message in desk.get(path, {"on": day}).context["page"].messages]

    assert shown("2026-03-01") == shown("2026-03-03") == ["Zanzibar", "Good bye"]
    assert shown("2026-03-04") == shown("2026-03-05") == ["Good bye"]
    for beyond in ("2026-03-06", "2026-02-30", "x", ""):  # the newest page, as without a day
        assert shown(beyond) == ["Zanzibar", "Good bye"]
    assert 'href="?before=2"' in desk.get(path, {"on": "2026-03-04"}).content.decode()
