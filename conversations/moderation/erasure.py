"""Erase a person, and keep the other side's messages.

The account stays without personal data, as "Erased user", and is inactive forever, so that conversations still have two
sides. Each message of the person is emptied and takes the next `rev`, so live clients and returning clients learn of
it. Messages keep their `seq`, so the numbers have no gaps.

Each step is one transaction. The first one erases the account, so that the person can write nothing new. The others
empty groups of messages, while their conversation is locked. A job, which the first one enqueues, completes an
interrupted run. So does a new run, which has to name the person by id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model

from chatsite.background.jobs import enqueue, job
from chatsite.background.turns import Turn
from chatsite.config.queues import HOUSEKEEPING_QUEUE
from chatsite.errors import DomainError, not_found
from chatsite.identity import operations as identity
from chatsite.identity.names import email_of, erased_names
from chatsite.identity.users import parse_user_key
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations import events
from conversations.access import UserId
from conversations.attachments.jobs import delete_files
from conversations.attachments.release import forget_files, forget_uploads
from conversations.blocks.operations import forget_blocks_of
from conversations.membership import remove_member
from conversations.models import ChatMessage, Conversation, Membership, MessageEdit
from conversations.moderation.admin_log import erase_names, names_of
from conversations.moderation.audit import clean_reason, record, require_permission
from conversations.moderation.exports import conversations_written_in
from conversations.moderation.models import AuditEntry, Report
from conversations.moderation.operations import is_erased
from conversations.own_state.operations import forget_own_states
from conversations.reactions.operations import remove_reactions_of
from conversations.signals import send_person_erased
from conversations.writing.commit_recovery import watched_transaction
from conversations.writing.conversation_change import ConversationChange, change_conversations

FINISHED_AFTER: Final = timedelta(minutes=10)  # before that, the run itself empties the messages
GROUP: Final = 200  # messages of one transaction, so that a conversation is locked for a short time only

# Functions of other apps that erase their data of a person. An app adds its own in `AppConfig.ready`. They run in the
# transaction that erases the account, and again in every later run.
forget_person: Final[list[Callable[[UserId], None]]] = []
# The same, for rows that know the person by an e-mail address alone. They run before the account loses the address.
forget_address: Final[list[Callable[[str], object]]] = []
# The same, for what they keep of these messages of the person in one conversation. They run in the transaction that
# empties the messages, under the lock of the conversation.
forget_messages: Final[list[Callable[[UUID, Collection[UUID]], object]]] = []
# The same, for data that takes several transactions. They run after the account is erased.
erase_in_groups: Final[list[Callable[[UserId], object]]] = []


@dataclass
class Erasure:
    """The counts of what was erased, or with `dry_run` would be erased."""

    account: bool = False
    conversations: int = 0
    messages: int = 0
    edits: int = 0
    reports: int = 0


def erase_person(*, actor: Any | None, user_id: UserId, reason: str, dry_run: bool = False) -> Erasure:
    """Erase the person. Raise `conflict` for staff and for the only owner of a business."""
    require_permission(actor, "erase_person")
    reason = clean_reason(reason)
    user = get_user_model()._default_manager.filter(pk=user_id).first()
    if user is None:
        raise not_found("user")
    _check_erasable(user)
    if dry_run:
        return _count(user.pk)
    done = Erasure()
    if address := email_of(user):
        for forget in forget_address:
            forget(address)
    _erase_account(actor, user.pk, reason, done)
    _erase_rest(user.pk, done)
    _record_messages(actor, user, reason, done)
    return done


@job(queue=HOUSEKEEPING_QUEUE, attempts=10)
def finish_erasure(user_id: str) -> None:
    """Complete an erasure that was interrupted, and change nothing after one that was not.

    Both may run at the same time, because each group is read while its conversation is locked.
    """
    turn = Turn()
    key = parse_user_key(user_id)
    user = get_user_model()._default_manager.filter(pk=key).first()
    entries = AuditEntry.objects.filter(subject_type="user", subject_id=user_id)
    begun = entries.filter(action=AuditEntry.Action.ERASE_PERSON).order_by("pk").first()
    if user is None or begun is None:
        return
    done = Erasure()
    is_complete = _erase_rest(user.pk, done, lambda: turn.is_over)
    _record_messages(begun.actor, user, begun.reason, done)
    if not is_complete:
        enqueue(finish_erasure, user_id)


def _record_messages(actor: Any | None, user: Any, reason: str, done: Erasure) -> None:
    """Add a further entry, with the counts."""
    if done.messages:
        record(
            actor=actor, action=AuditEntry.Action.ERASE_PERSON, subject=user, reason=reason, **asdict(done)
        )


def _check_erasable(user: Any) -> None:
    if user.is_staff or user.is_superuser:
        raise DomainError("conflict", "Remove the person's staff rights first.")
    for membership in Membership.objects.filter(user=user, role=Membership.Role.OWNER):
        owners = Membership.objects.filter(business=membership.business_id, role=Membership.Role.OWNER)
        if not owners.exclude(user=user).exists():
            raise DomainError(
                "conflict", "This person is the only owner of a business. Appoint another owner first."
            )


def _count(user_id: UserId) -> Erasure:
    messages = ChatMessage.objects.filter(sender_id=user_id).order_by()
    return Erasure(
        account=not is_erased(user_id),
        conversations=messages.values("conversation_id").distinct().count(),
        messages=messages.count(),
        edits=MessageEdit.objects.filter(message__sender_id=user_id).count(),
        reports=Report.objects.filter(reporter_id=user_id).exclude(text="").count(),
    )


# --- The account ------------------------------------------------------------------------------------------------------


def _erase_account(actor: Any | None, user_id: UserId, reason: str, done: Erasure) -> None:
    # Clients show the customer's name with the conversation.
    own = Conversation.objects.filter(customer=user_id).values_list("pk", flat=True)
    with watched_transaction(set(own)):
        _erase_account_rows(actor, user_id, reason, done)
        enqueue(finish_erasure, str(user_id), delay=FINISHED_AFTER)


def _erase_account_rows(actor: Any | None, user_id: UserId, reason: str, done: Erasure) -> None:
    user = get_user_model()._default_manager.select_for_update(no_key=True).get(pk=user_id)
    done.account = not is_erased(user_id)
    names = names_of(user)
    if done.account:
        record(actor=actor, action=AuditEntry.Action.ERASE_PERSON, subject=user, reason=reason)
        _empty_account(user)
    erase_names(user, names)
    for membership in Membership.objects.filter(user=user):
        remove_member(business_id=membership.business_id, user_id=user_id)
    identity.deactivate_user(user_id=str(user_id))
    done.reports = Report.objects.filter(reporter=user).exclude(text="").update(text="")
    remove_reactions_of(user_id)
    forget_blocks_of(user_id)
    forget_own_states(user_id)
    for forget in forget_person:
        forget(user_id)
    _delete_later(forget_uploads(user_id))  # after the canned answers, which are locked before their files
    if done.account:
        send_person_erased(user_id)
        own = Conversation.objects.select_related("business", "customer").filter(customer=user)
        broadcast_on_commit(events.conversations_updated(own.iterator(chunk_size=GROUP)))


def _empty_account(user: Any) -> None:
    for field, value in erased_names(f"erased-{user.pk}-{token_hex(4)}").items():
        setattr(user, field, value)
    user.is_active, user.last_login = False, None
    user.set_unusable_password()
    user.save()
    for rights in ("groups", "user_permissions"):
        if hasattr(user, rights):
            getattr(user, rights).clear()


def _delete_later(files: list[UUID]) -> None:
    if files:
        enqueue(delete_files, [str(key) for key in files])


# --- Messages ---------------------------------------------------------------------------------------------------------


def _erase_rest(user_id: UserId, done: Erasure, is_over: Callable[[], bool] = lambda: False) -> bool:
    """Erase what takes several transactions. Return False if the time was over before the end."""
    for erase in erase_in_groups:
        erase(user_id)
    for conversation_id in conversations_written_in(user_id):
        done.conversations += 1
        while _erase_group(conversation_id, user_id, done):
            if is_over():
                return False
    return True


def _erase_group(conversation_id: UUID, user_id: UserId, done: Erasure) -> bool:
    """Empty the next messages of the person in one conversation. Return False if there are none left."""
    with change_conversations([conversation_id]) as change:
        mine = ChatMessage.objects.filter(conversation_id=conversation_id, sender_id=user_id)
        messages = list(mine.order_by("seq")[:GROUP])
        for message in messages:
            _empty_message(change, change.conversations[conversation_id], message)
        _delete_later(forget_files(messages))
        for forget in forget_messages:
            forget(conversation_id, [message.pk for message in messages])
        _, by_model = MessageEdit.objects.filter(message__in=messages).delete()
    done.edits += sum(by_model.values())
    done.messages += len(messages)
    return bool(messages)


def _empty_message(change: ConversationChange, conversation: Conversation, message: ChatMessage) -> None:
    """Remove the content and the sender. The message keeps its place in the conversation."""
    if message.deleted_at is None and message.hidden_at is None:
        change.count_unread(conversation, message, -1)
    message.sender, message.client_id, message.content, message.attachments = None, None, "", ""
    message.deleted_at = message.deleted_at or change.now
    change.update_message(conversation, message, events.message_deleted)
