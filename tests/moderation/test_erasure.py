"""Erasing a person: what is deleted, what stays, and that clients end with the database's state."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command

from chatsite.errors import DomainError
from conversations import history, operations
from conversations.integrity import find_problems
from conversations.models import ChatMessage, Membership, MessageEdit
from conversations.moderation import erasure
from conversations.moderation import operations as moderation
from conversations.moderation.models import AuditEntry, Report
from conversations.moderation.reports import make_report
from tests.moderation.conftest import Shop, Wire


def erase(shop: Shop, user: User, **options: bool) -> erasure.Erasure:
    return erasure.erase_person(actor=shop.root, user_id=user.pk, reason="Asked for it.", **options)


@pytest.fixture
def talk(shop: Shop) -> Shop:
    shop.carol.email = "carol@example.org"
    shop.carol.save()
    for n in range(5):
        shop.say(shop.carol, f"carol's {n}")
        shop.say(shop.olivia, f"olivia's {n}")
    last = shop.say(shop.carol, "carol's last")
    operations.edit_message(user_id=shop.carol.pk, message_id=last.pk, content="carol's very last")
    make_report(
        reporter_id=shop.carol.pk, conversation_id=str(shop.conversation.pk), reason="spam", text="my words"
    )
    return shop


def test_nothing_of_the_person_is_left_and_all_of_the_other_side(talk: Shop) -> None:
    done = erase(talk, talk.carol)
    assert (done.account, done.conversations, done.messages, done.edits, done.reports) == (True, 1, 6, 1, 1)
    user = User.objects.get(pk=talk.carol.pk)
    assert "carol" not in f"{user.username}{user.first_name}{user.last_name}{user.email}".lower()
    assert (user.get_full_name(), user.is_active, user.has_usable_password()) == ("Erased user", False, False)
    contents = list(ChatMessage.objects.order_by("seq").values_list("sender__username", "content"))
    assert [content for sender, content in contents if sender == "olivia"] == [
        f"olivia's {n}" for n in range(5)
    ]
    assert {content for sender, content in contents if sender != "olivia"} == {""}
    assert not ChatMessage.objects.filter(sender=talk.carol).exists()
    assert not MessageEdit.objects.exists()
    assert Report.objects.get().text == ""
    head = talk.head()
    assert (head.last_message, head.business_unread, head.customer_unread) == ("", 0, 5)
    assert list(find_problems()) == []


def test_clients_get_each_message_and_disconnected_ones_find_it(talk: Shop, wire: Wire) -> None:
    known = talk.head().rev
    with wire.commits(execute=True):
        erase(talk, talk.carol)
    revs = [event.rev for _, event in wire.events if event.name == "message_deleted"]
    assert revs == list(range(known + 1, known + 7))
    assert "~end_user" in wire.names
    key = str(talk.conversation.pk)
    synced = history.changes_since(talk.olivia.pk, {key: known}).conversations[key]
    assert [message.rev for message in synced.messages] == revs
    assert all(m.sender_id is None and m.content == "" and m.deleted_at for m in synced.messages)
    assert synced.conversation.customer.name == "Erased user"


def test_groups_are_small_and_the_work_is_finished(talk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "GROUP", 2)
    assert erase(talk, talk.carol).messages == 6
    assert list(find_problems()) == []


def test_a_run_that_was_cut_off_is_finished_by_the_next(talk: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(erasure, "_erase_group", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erase(talk, talk.carol)
    assert ChatMessage.objects.filter(sender=talk.carol).count() == 6
    again = erase(talk, talk.carol)
    assert (again.account, again.messages) == (False, 6)


def test_again_changes_nothing(talk: Shop) -> None:
    erase(talk, talk.carol)
    before = (talk.head().rev, User.objects.get(pk=talk.carol.pk).username, AuditEntry.objects.count())
    done = erase(talk, talk.carol)
    assert done == erasure.Erasure()
    assert before == (
        talk.head().rev,
        User.objects.get(pk=talk.carol.pk).username,
        AuditEntry.objects.count(),
    )


def test_a_dry_run_counts_and_changes_nothing(talk: Shop) -> None:
    foreseen = erase(talk, talk.carol, dry_run=True)
    assert ChatMessage.objects.filter(sender=talk.carol).count() == 6
    assert AuditEntry.objects.count() == 0
    assert erase(talk, talk.carol) == foreseen


def test_an_agent_goes_with_the_membership(talk: Shop) -> None:
    talk.say(talk.amir, "amir's")
    erase(talk, talk.amir)
    assert not Membership.objects.filter(user=talk.amir).exists()
    assert not ChatMessage.objects.filter(content="amir's").exists()
    assert list(find_problems()) == []


def test_hidden_and_deleted_messages_are_emptied_too(talk: Shop) -> None:
    first, second = ChatMessage.objects.filter(sender=talk.carol).order_by("seq")[:2]
    moderation.hide_message(actor=talk.mona, message_id=first.pk, reason="Rude.")
    operations.delete_message(user_id=talk.carol.pk, message_id=second.pk)
    erase(talk, talk.carol)
    assert not ChatMessage.objects.filter(sender_side="customer").exclude(content="").exists()
    moderation.restore_message(actor=talk.mona, message_id=first.pk, reason="x")
    assert list(find_problems()) == []


def test_people_who_cannot_be_erased_yet(shop: Shop) -> None:
    for user in (shop.olivia, shop.mona):
        with pytest.raises(DomainError) as caught:
            erase(shop, user)
        assert caught.value.code == "conflict"
    with pytest.raises(DomainError) as caught:
        erasure.erase_person(actor=shop.mona, user_id=shop.carol.pk, reason="May I?")
    assert caught.value.code == "forbidden"


def test_an_erased_person_is_not_reinstated(talk: Shop) -> None:
    erase(talk, talk.carol)
    with pytest.raises(DomainError) as caught:
        moderation.reinstate_user(actor=talk.root, user_id=talk.carol.pk, reason="Oops.")
    assert caught.value.code == "conflict"


def test_the_audit_log_keeps_no_names(talk: Shop) -> None:
    erase(talk, talk.carol)
    for entry in AuditEntry.objects.all():
        assert "carol" not in f"{entry.subject_id} {entry.data}"


def test_other_apps_forget_with_us(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[int] = []
    monkeypatch.setattr(erasure, "forget_person", [forgotten.append])
    erase(shop, shop.carol)
    assert forgotten == [shop.carol.pk]


def test_the_command_reports_its_changes(talk: Shop) -> None:
    for options in (("--dry-run",), ()):
        output = StringIO()
        call_command("erase_person", "carol", *options, stdout=output)
        assert "the account, 1 conversations, 6 messages, 1 edits, 1 reports" in output.getvalue()
    with pytest.raises(CommandError):  # the username is erased
        call_command("erase_person", "carol", stdout=StringIO())


def log(shop: Shop, about: Any, text: str, message: Any = "") -> LogEntry:
    return LogEntry.objects.create(
        user=shop.root,
        content_type=ContentType.objects.get_for_model(type(about)),
        object_id=str(about.pk),
        object_repr=text,
        action_flag=CHANGE,
        change_message=json.dumps(message) if message else "",
    )


def test_the_admins_log_forgets_every_name(talk: Shop) -> None:
    talk.carol.username, talk.carol.last_name = "josé", "Jensen"
    talk.carol.save()
    membership = Membership.objects.get(user=talk.amir)
    log(talk, talk.carol, "carol.old")
    log(talk, talk.carol, "josé", [{"changed": {"fields": ["Username"], "object": "josé"}}])
    log(talk, membership, "josé (agent) of Shop")
    log(talk, membership, "carol.old (agent) of Shop")
    log(talk, talk.business, "Shop", [{"added": {"name": "membership", "object": "josé (agent) of Shop"}}])
    others = [log(talk, talk.business, "josé"), log(talk, membership, "joséphine (agent) of Shop")]
    erase(talk, talk.carol)
    kept = {(entry.object_repr, entry.change_message) for entry in others}
    entries = LogEntry.objects.exclude(pk__in=[entry.pk for entry in others])
    for entry in entries:
        text = f"{entry.object_repr} {entry.change_message}"
        text = f"{text} {json.loads(entry.change_message or '0')}"
        assert not {"josé", "carol.old", "Jensen", "carol@example.org"} & set(re.findall(r"[\w.@]+", text)), (
            text
        )
    assert entries.filter(object_repr="Erased user (agent) of Shop").count() == 2
    still = LogEntry.objects.filter(pk__in=[entry.pk for entry in others])
    assert {(entry.object_repr, entry.change_message) for entry in still} == kept


@pytest.mark.parametrize("command", ["erase_person", "export_person"])
def test_a_text_that_names_two_people_is_refused(talk: Shop, command: str) -> None:
    User.objects.create(username=str(talk.carol.pk), first_name="Namesake")
    with pytest.raises(CommandError, match="--username or --id"):
        call_command(command, str(talk.carol.pk), stdout=StringIO())
    with pytest.raises(CommandError):
        call_command(command, "--id=999999", stdout=StringIO())
    with pytest.raises(CommandError):
        call_command(command, "--id=carol", stdout=StringIO())


def test_a_person_is_named_by_id_or_by_username(talk: Shop) -> None:
    namesake = User.objects.create(username=str(talk.carol.pk))
    call_command("erase_person", f"--id={talk.carol.pk}", stdout=StringIO())
    assert User.objects.get(pk=talk.carol.pk).get_full_name() == "Erased user"
    call_command("erase_person", f"--username={namesake.username}", stdout=StringIO())
    assert User.objects.get(pk=namesake.pk).get_full_name() == "Erased user"


def test_the_command_takes_every_spelling_of_a_name(talk: Shop) -> None:
    User.objects.create(username="ren\u00e9e")
    call_command("erase_person", "rene\u0301e", stdout=StringIO())
    assert not User.objects.filter(username="ren\u00e9e").exists()
