"""Messages are hidden and restored, conversations frozen and unfrozen, users suspended and reinstated."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from chatsite.errors import DomainError
from conversations import history, operations
from conversations.integrity import find_problems
from conversations.models import Membership
from conversations.moderation import operations as moderation
from conversations.moderation.models import AuditEntry
from conversations.reactions import operations as reactions
from conversations.requests import SendBody
from conversations.serializers import MessageObject
from tests.moderation.conftest import Shop, Wire

WHY = "Against the rules."


def refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as caught:
        call()
    assert caught.value.code == code


def entries() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_a_hidden_message_looks_deleted_and_keeps_its_content(shop: Shop, wire: Wire) -> None:
    shop.say(shop.carol, "before")
    message = shop.say(shop.carol, "an insult")
    with wire.commits(execute=True):
        hidden = moderation.hide_message(actor=shop.mona, message_id=message.pk, reason=WHY)
    assert (hidden.content, hidden.rev, hidden.deleted_at is not None) == ("", message.rev + 1, True)
    assert wire.names == ["message_deleted", "conversation_updated", "conversation_updated"]
    message.refresh_from_db()
    assert (message.content, message.deleted_at) == ("an insult", None)
    head = shop.head()
    assert (head.last_message, head.business_unread, head.rev) == ("", 1, hidden.rev)
    assert history.find_message(shop.olivia.pk, message.pk) == hidden
    assert list(find_problems()) == []


def test_restoring_gives_the_content_preview_and_count_back(shop: Shop, wire: Wire) -> None:
    message = shop.say(shop.carol, "an insult?")
    moderation.hide_message(actor=shop.mona, message_id=message.pk, reason=WHY)
    with wire.commits(execute=True):
        shown = moderation.restore_message(actor=shop.mona, message_id=message.pk, reason="It was a joke.")
    assert (shown.content, shown.deleted_at, shown.rev) == ("an insult?", None, message.rev + 2)
    assert wire.names[0] == "message_edited"
    head = shop.head()
    assert (head.last_message, head.business_unread) == ("an insult?", 1)
    assert list(find_problems()) == []


def test_a_read_message_does_not_become_unread_again(shop: Shop) -> None:
    message = shop.say(shop.carol)
    operations.mark_read(user_id=shop.olivia.pk, conversation_id=shop.conversation.pk)
    moderation.hide_message(actor=shop.mona, message_id=message.pk, reason=WHY)
    moderation.restore_message(actor=shop.mona, message_id=message.pk, reason=WHY)
    assert shop.head().business_unread == 0
    assert list(find_problems()) == []


@pytest.mark.parametrize("first", ["hidden", "deleted"])
def test_a_message_deleted_by_its_sender_stays_deleted(shop: Shop, wire: Wire, first: str) -> None:
    message = shop.say(shop.carol)
    if first == "deleted":
        operations.delete_message(user_id=shop.carol.pk, message_id=message.pk)
    moderation.hide_message(actor=shop.mona, message_id=message.pk, reason=WHY)
    if first == "hidden":
        operations.delete_message(user_id=shop.carol.pk, message_id=message.pk)
    with wire.commits(execute=True):
        shown = moderation.restore_message(actor=shop.mona, message_id=message.pk, reason=WHY)
    assert (shown.content, shown.deleted_at is not None) == ("", True)
    assert wire.names[0] == "message_deleted"
    assert shop.head().business_unread == 0
    assert list(find_problems()) == []


def test_a_second_time_changes_nothing_and_leaves_no_entry(shop: Shop) -> None:
    message = shop.say(shop.carol)
    for _ in range(2):
        moderation.hide_message(actor=shop.mona, message_id=message.pk, reason=WHY)
        moderation.freeze_conversation(actor=shop.mona, conversation_id=shop.conversation.pk, reason=WHY)
        moderation.suspend_user(actor=shop.mona, user_id=shop.carol.pk, reason=WHY)
    assert entries() == ["hide_message", "freeze_conversation", "suspend_user"]
    assert shop.head().rev == message.rev + 1


def test_a_frozen_conversation_takes_no_sends_and_no_edits(shop: Shop, wire: Wire) -> None:
    message = shop.say(shop.carol)
    with wire.commits(execute=True):
        moderation.freeze_conversation(actor=shop.mona, conversation_id=shop.conversation.pk, reason=WHY)
    assert wire.names == ["conversation_updated", "conversation_updated"]
    assert all(b'"frozen":true' in event.data for _, event in wire.events)
    assert shop.head().rev == message.rev
    refused("frozen", lambda: shop.say(shop.carol))
    refused("frozen", lambda: shop.say(shop.olivia))
    refused(
        "frozen",
        lambda: operations.edit_message(user_id=shop.carol.pk, message_id=message.pk, content="other"),
    )
    moderation.unfreeze_conversation(actor=shop.mona, conversation_id=shop.conversation.pk, reason=WHY)
    assert shop.say(shop.carol).seq == 2


def test_repeats_in_a_frozen_conversation_get_their_answers(shop: Shop) -> None:
    """The first answer may have been lost."""
    body = SendBody(content="before", client_id="first")

    def attempts() -> list[MessageObject]:
        here, carol = shop.conversation.pk, shop.carol.pk
        sent = operations.send_message(sender_id=carol, conversation_id=here, body=body)
        key = sent.message.id
        edited = operations.edit_message(user_id=carol, message_id=key, content="after")
        return [edited, reactions.add_reaction(user_id=carol, message_id=key, emoji="👍")]

    done = attempts()
    moderation.freeze_conversation(actor=shop.mona, conversation_id=shop.conversation.pk, reason=WHY)
    assert {again.rev for again in attempts()} == {done[-1].rev}


def test_a_suspended_user_is_out_and_comes_back(shop: Shop) -> None:
    moderation.suspend_user(actor=shop.mona, user_id=shop.carol.pk, reason=WHY)
    refused("not_found", lambda: shop.say(shop.carol))
    moderation.reinstate_user(actor=shop.mona, user_id=shop.carol.pk, reason=WHY)
    assert shop.say(shop.carol).seq == 1
    assert entries() == ["suspend_user", "reinstate_user"]


def test_nobody_suspends_oneself_and_a_moderator_no_staff(shop: Shop) -> None:
    def suspend(actor: User, user: User) -> None:
        moderation.suspend_user(actor=actor, user_id=user.pk, reason=WHY)

    refused("conflict", lambda: suspend(shop.mona, shop.mona))
    refused("forbidden", lambda: suspend(shop.mona, shop.sam))
    refused("forbidden", lambda: suspend(shop.mona, shop.root))
    suspend(shop.root, shop.sam)


@pytest.mark.parametrize("reason", ["", "   ", "\x00", "x" * 1001])
def test_a_reason_is_needed(shop: Shop, reason: str) -> None:
    message = shop.say(shop.carol)
    with pytest.raises(DomainError):
        moderation.hide_message(actor=shop.mona, message_id=message.pk, reason=reason)
    assert entries() == []


@pytest.mark.parametrize("who", ["carol", "olivia", "sam"])
def test_without_the_permission_everything_is_forbidden(shop: Shop, who: str) -> None:
    actor, message = getattr(shop, who), shop.say(shop.carol)
    key = shop.conversation.pk
    for call in (
        lambda: moderation.hide_message(actor=actor, message_id=message.pk, reason=WHY),
        lambda: moderation.restore_message(actor=actor, message_id=message.pk, reason=WHY),
        lambda: moderation.freeze_conversation(actor=actor, conversation_id=key, reason=WHY),
        lambda: moderation.unfreeze_conversation(actor=actor, conversation_id=key, reason=WHY),
        lambda: moderation.suspend_user(actor=actor, user_id=shop.amir.pk, reason=WHY),
        lambda: moderation.reinstate_user(actor=actor, user_id=shop.amir.pk, reason=WHY),
    ):
        refused("forbidden", call)
    assert entries() == []


def test_a_rollback_takes_entry_and_events_back(shop: Shop, wire: Wire) -> None:
    message = shop.say(shop.carol)
    with wire.commits(execute=True), transaction.atomic():
        moderation.hide_message(actor=shop.mona, message_id=message.pk, reason=WHY)
        transaction.set_rollback(True)
    assert wire.events == []
    assert entries() == []


def test_the_last_owner_keeps_the_role(shop: Shop) -> None:
    def appoint(user: User, role: str) -> None:
        moderation.appoint_member(actor=shop.root, business_id=shop.business.pk, user_id=user.pk, role=role)

    refused("conflict", lambda: appoint(shop.olivia, "agent"))
    appoint(shop.amir, "owner")
    appoint(shop.olivia, "agent")
    moderation.dismiss_member(actor=shop.root, membership=Membership.objects.get(user=shop.olivia))
    assert entries() == ["add_member", "add_member", "remove_member"]
