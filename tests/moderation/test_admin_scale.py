"""The admin reads no more of a long conversation than it shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import ChatMessage, Conversation
from conversations.requests import SendBody
from conversations.validation import new_send
from conversations.writing.write_batch import write
from tests.moderation.conftest import Shop

LIST = "/admin/conversations/conversation/"
LINES = 200


@pytest.fixture
def long_talk(shop: Shop) -> Conversation:
    """One message a day, the last one today."""
    said = [f"line {number}" for number in range(1, LINES + 1)]
    write(
        [
            new_send(
                sender_id=shop.carol.pk, conversation_id=shop.conversation.pk, body=SendBody(content=line)
            )
            for line in said
        ]
    )
    noon = timezone.now().replace(hour=12)
    rows = list(ChatMessage.objects.filter(conversation=shop.conversation))
    for row in rows:
        row.created_at = noon - timedelta(days=LINES - row.seq)
    ChatMessage.objects.bulk_update(rows, ["created_at"])
    return Conversation.objects.get(pk=shop.conversation.pk)


def page_of(desk: Client, talk: Conversation, **asked: Any) -> tuple[Any, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        answer = desk.get(f"{LIST}{talk.pk}/change/", asked)
    assert answer.status_code == 200
    return answer, [row["sql"] for row in queries]


@pytest.mark.parametrize("ago", [0, 1, 77, LINES - 1])
def test_a_day_is_found_by_halves(long_talk: Conversation, desk: Client, ago: int) -> None:
    day = (timezone.now() - timedelta(days=ago)).date()
    answer, statements = page_of(desk, long_talk, on=day.isoformat())
    assert answer.context["page"].messages[0].seq == LINES - ago
    lookups = [sql for sql in statements if "conversations_chatmessage" in sql and "ORDER BY" not in sql]
    assert 0 < len([sql for sql in lookups if '"seq" = ' in sql]) <= 8
    assert not [sql for sql in statements if '"created_at" >=' in sql]


def test_a_day_after_the_last_message_shows_the_newest_page(long_talk: Conversation, desk: Client) -> None:
    day = (timezone.now() + timedelta(days=2)).date()
    answer, _ = page_of(desk, long_talk, on=day.isoformat())
    assert answer.context["page"].messages[-1].seq == LINES


def test_a_search_reads_the_newest_messages(
    long_talk: Conversation, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "Only the newest 100 messages were searched."
    answer, _ = page_of(desk, long_talk, q="line 1")
    assert note not in answer.content.decode()
    monkeypatch.setattr("conversations.admin.transcript.SEARCHED", 100)
    for words, shown in (("line 100", []), ("line 101", [101])):
        answer, _ = page_of(desk, long_talk, q=words)
        assert [message.seq for message in answer.context["page"].messages] == shown
        assert note in answer.content.decode()


def test_an_id_is_looked_up_alone(long_talk: Conversation, desk: Client) -> None:
    message = ChatMessage.objects.get(conversation=long_talk, seq=7)
    with CaptureQueriesContext(connection) as queries:
        page = desk.get(LIST, {"q": str(message.pk)})
    assert list(page.context["cl"].result_list) == [long_talk]
    of_message = 'IN (SELECT U0."conversation_id"'
    assert not [row["sql"] for row in queries if of_message in row["sql"]]
