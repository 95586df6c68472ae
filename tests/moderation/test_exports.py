"""Exports are complete, ordered, bounded in memory, and recorded in the audit log."""

from __future__ import annotations

import json
import re
import tracemalloc
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chatsite.errors import DomainError
from conversations import operations
from conversations.admin import downloads
from conversations.membership import remove_member
from conversations.models import MessageEdit
from conversations.moderation import exports
from conversations.moderation import operations as moderation
from conversations.moderation.models import AuditEntry
from conversations.moderation.reports import make_report
from tests.moderation.conftest import Shop


def parsed(lines: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_a_transcript_has_everything_in_order(shop: Shop) -> None:
    hidden, deleted, edited = (shop.say(shop.carol, f"text {n}") for n in range(3))
    moderation.hide_message(actor=None, message_id=hidden.pk, reason="Rude.")
    operations.delete_message(user_id=shop.carol.pk, message_id=deleted.pk)
    operations.edit_message(user_id=shop.carol.pk, message_id=edited.pk, content="new")
    lines = parsed(
        exports.export_transcript(actor=shop.mona, conversation_id=shop.conversation.pk, reason="Court.")
    )
    assert [line["kind"] for line in lines] == ["conversation", "message", "message", "message", "end"]
    assert [line["content"] for line in lines[1:4]] == ["text 0", "text 1", "new"]
    assert [edit["content"] for edit in lines[3]["edits"]] == ["text 2"]
    assert (lines[1]["hiddenAt"] is not None, lines[2]["deletedAt"] is not None) == (True, True)
    assert lines[4] == {"kind": "end", "lines": 4}


def test_it_is_on_record_before_the_first_line_is_read(shop: Shop) -> None:
    exports.export_transcript(actor=shop.mona, conversation_id=shop.conversation.pk, reason="Court.")
    exports.export_person(actor=shop.root, user_id=shop.carol.pk, reason="Her wish.")
    assert list(AuditEntry.objects.order_by("id").values_list("action", "reason")) == [
        ("export_transcript", "Court."),
        ("export_person", "Her wish."),
    ]


def test_pages_are_read_as_lines_are_taken(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(10):
        shop.say(shop.carol)
    monkeypatch.setattr(exports, "PAGE", 4)
    lines = exports.export_transcript(actor=None, conversation_id=shop.conversation.pk, reason="Test.")
    next(lines)
    with django_assert_num_queries(2):  # messages and their edits
        for _ in range(4):
            next(lines)
    assert len(list(lines)) == 7


def test_a_persons_data_is_all_of_it_and_nobody_elses(shop: Shop) -> None:
    for person in (shop.carol, shop.olivia, shop.amir):
        shop.say(person, f"by {person.username}")
    make_report(reporter_id=shop.amir.pk, conversation_id=str(shop.conversation.pk), reason="spam")
    remove_member(business_id=shop.business.pk, user_id=shop.amir.pk)
    exports.person_sections["test"] = lambda user_id: [{"of": str(user_id)}]
    try:
        lines = parsed(exports.export_person(actor=None, user_id=shop.amir.pk, reason="His wish."))
    finally:
        del exports.person_sections["test"]
    assert [line["kind"] for line in lines] == ["person", "message", "report", "test", "end"]
    assert lines[1]["content"] == "by amir"
    assert lines[3]["of"] == str(shop.amir.pk)
    kinds = [
        line["kind"] for line in parsed(exports.export_person(actor=None, user_id=shop.olivia.pk, reason="x"))
    ]
    assert kinds == ["person", "membership", "message", "end"]
    kinds = [
        line["kind"] for line in parsed(exports.export_person(actor=None, user_id=shop.carol.pk, reason="x"))
    ]
    assert kinds == ["person", "conversation", "message", "end"]


def test_only_permitted_users(shop: Shop) -> None:
    for actor in (shop.mona, shop.sam, shop.carol):
        with pytest.raises(DomainError) as caught:
            exports.export_person(actor=actor, user_id=shop.carol.pk, reason="Curious.")
        assert caught.value.code == "forbidden"
    assert AuditEntry.objects.count() == 0


def test_the_commands_write_the_same(shop: Shop) -> None:
    shop.say(shop.carol)
    for arguments in (
        ("export_transcript", str(shop.conversation.pk)),
        ("export_person", "carol"),
        ("export_person", str(shop.carol.pk)),
    ):
        output = StringIO()
        call_command(*arguments, stdout=output)
        assert parsed(output.getvalue().splitlines())[-1]["kind"] == "end"
    assert AuditEntry.objects.filter(actor=None).count() == 3
    for arguments in (("export_transcript", "x"), ("export_person", "nobody")):
        with pytest.raises(CommandError):
            call_command(*arguments, stdout=StringIO())


def test_memory_does_not_grow_with_edits(shop: Shop) -> None:
    message = shop.say(shop.carol, "now")
    MessageEdit.objects.bulk_create(
        (MessageEdit(message=message, content=f"{number:04}" + "😀" * 7_900) for number in range(1_000)),
        batch_size=100,
    )
    for lines in (
        exports.export_transcript(actor=None, conversation_id=shop.conversation.pk, reason="x"),
        exports.export_person(actor=None, user_id=shop.carol.pk, reason="x"),
    ):
        seen, peak = [], 0
        tracemalloc.start()
        while chunk := downloads.next_chunk(lines):
            for line in chunk.splitlines():
                found = json.loads(line)
                seen += [edit["content"][:4] for edit in found.get("edits", [])]
                seen += [found["content"][:4]] if found["kind"] == "edit" else []
            peak = max(peak, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert seen == [f"{number:04}" for number in range(1_000)]
        assert peak < 12 * 2**20


def test_the_admin_shows_edits_in_pages(desk: Client, shop: Shop) -> None:
    message = shop.say(shop.carol, "now")
    MessageEdit.objects.bulk_create(MessageEdit(message=message, content=f"v{n:02}") for n in range(45))
    address = f"/admin/conversations/conversation/{shop.conversation.pk}/"
    page = desk.get(f"{address}change/").content.decode()
    assert re.findall(r">(v\d\d)<", page) == ["v42", "v43", "v44"]
    assert "45 earlier versions" in page
    seen, link = [], f"{address}messages/{message.pk}/edits/"
    for _ in range(3):
        page = desk.get(link).content.decode()
        seen += re.findall(r">(v\d\d)<", page)
        later = re.search(r'href="(\?after=\d+)">Later', page)
        link = f"{address}messages/{message.pk}/edits/{later[1] if later else ''}"
    assert seen == [f"v{n:02}" for n in range(45)]
    assert desk.get(f"{address}messages/{shop.conversation.pk}/edits/").status_code == 404
