"""What moderators do. Each is one transaction: the change, its entry in the audit log, and its events on commit.

So a moderator is one more user of the system: live clients see it at once, and those who were away find it by its
`rev`. Doing a thing again changes nothing and leaves no second entry. `actor` None is somebody at the command line.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from chatsite.errors import DomainError, not_found
from chatsite.identity import operations as identity
from chatsite.realtime.broadcast import broadcast_on_commit
from conversations import events
from conversations.access import UserId, object_key, other_side
from conversations.models import ChatMessage, Conversation, Membership, Side
from conversations.moderation.audit import clean_reason, record, require_permission
from conversations.moderation.models import AuditEntry
from conversations.operations import (
    add_member,
    forget_unread,
    message_from_model,
    publish_change,
    remove_member,
)
from conversations.serializers import MessageObject
from conversations.writing.conversation_rows import lock_heads

Action = AuditEntry.Action

# --- Messages ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def hide_message(*, actor: Any | None, message_id: str | UUID, reason: str) -> MessageObject:
    """Take a message out of everybody's sight: clients see it as deleted. The row keeps what it said."""
    require_permission(actor, "hide_message")
    reason = clean_reason(reason)
    head, message = _lock_message(message_id)
    if message.hidden_at:
        return message_from_model(message)
    message.hidden_at = timezone.now()
    if message.deleted_at is None:
        forget_unread(head, message)
    record(
        actor=actor,
        action=Action.HIDE_MESSAGE,
        subject=message,
        reason=reason,
        conversation=str(head.pk),
        seq=message.seq,
    )
    return publish_change(head, message, events.message_deleted)


@transaction.atomic
def restore_message(*, actor: Any | None, message_id: str | UUID, reason: str) -> MessageObject:
    """Show a hidden message again. What its sender deleted meanwhile or before stays deleted."""
    require_permission(actor, "hide_message")
    reason = clean_reason(reason)
    head, message = _lock_message(message_id)
    if message.hidden_at is None:
        return message_from_model(message)
    message.hidden_at = None
    if message.deleted_at is None:
        _remember_unread(head, message)
    record(
        actor=actor,
        action=Action.RESTORE_MESSAGE,
        subject=message,
        reason=reason,
        conversation=str(head.pk),
        seq=message.seq,
    )
    event = events.message_deleted if message.deleted_at else events.message_edited
    return publish_change(head, message, event)


def _lock_message(message_id: str | UUID) -> tuple[Conversation, ChatMessage]:
    """The message, under its conversation's lock."""
    key = object_key(message_id, "message")
    conversation_id = ChatMessage.objects.filter(pk=key).values_list("conversation_id", flat=True).first()
    if conversation_id is None:
        raise not_found("message")
    head = lock_heads([conversation_id])[conversation_id]
    return head, ChatMessage.objects.get(pk=key)


def _remember_unread(head: Conversation, message: ChatMessage) -> None:
    """A message that is back counts as unread again, where it was never read."""
    if message.sender_side != Side.SYSTEM and message.status != ChatMessage.Status.READ:
        attribute = f"{other_side(message.sender_side)}_unread"
        setattr(head, attribute, getattr(head, attribute) + 1)


# --- Conversations ----------------------------------------------------------------------------------------------------


def freeze_conversation(*, actor: Any | None, conversation_id: str | UUID, reason: str) -> Conversation:
    """Close the conversation for new messages and edits: they answer `frozen`. Reading and deleting go on."""
    return _set_frozen(actor, conversation_id, reason, frozen=True)


def unfreeze_conversation(*, actor: Any | None, conversation_id: str | UUID, reason: str) -> Conversation:
    return _set_frozen(actor, conversation_id, reason, frozen=False)


@transaction.atomic
def _set_frozen(actor: Any | None, conversation_id: str | UUID, reason: str, *, frozen: bool) -> Conversation:
    """Not something that was said, so it takes no `rev`; both sides get the conversation anew."""
    require_permission(actor, "freeze_conversation")
    reason = clean_reason(reason)
    key = object_key(conversation_id, "conversation")
    head = lock_heads([key]).get(key)
    if head is None:
        raise not_found("conversation")
    if frozen == (head.frozen_at is not None):
        return head
    head.updated_at = timezone.now()
    head.frozen_at = head.updated_at if frozen else None
    head.save(update_fields=["frozen_at", "updated_at"])
    action = Action.FREEZE_CONVERSATION if frozen else Action.UNFREEZE_CONVERSATION
    record(actor=actor, action=action, subject=head, reason=reason)
    broadcast_on_commit(events.conversation_updated(head))
    return head


# --- People -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def suspend_user(*, actor: Any | None, user_id: UserId, reason: str) -> None:
    """Shut the user out: live sockets close now, and no token, cookie or password opens anything."""
    reason, user = _check_user(actor, user_id, reason)
    if user.is_active:
        identity.deactivate_user(user_id=str(user.pk))
        record(actor=actor, action=Action.SUSPEND_USER, subject=user, reason=reason)


@transaction.atomic
def reinstate_user(*, actor: Any | None, user_id: UserId, reason: str) -> None:
    """Let the user log in again. Not a person who was erased: nobody is left who could."""
    reason, user = _check_user(actor, user_id, reason)
    if is_erased(user.pk):
        raise DomainError("conflict", "This person was erased.")
    if not user.is_active:
        identity.reactivate_user(user_id=str(user.pk))
        record(actor=actor, action=Action.REINSTATE_USER, subject=user, reason=reason)


def is_erased(user_id: UserId) -> bool:
    return AuditEntry.objects.filter(
        subject_type="user", subject_id=str(user_id), action=Action.ERASE_PERSON
    ).exists()


def _check_user(actor: Any | None, user_id: UserId, reason: str) -> tuple[str, Any]:
    require_permission(actor, "suspend_user")
    reason = clean_reason(reason)
    # Locked, so that two moderators at once leave one entry.
    user = get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise not_found("user")
    if actor is not None and actor.pk == user.pk:
        raise DomainError("conflict", "You cannot suspend yourself.")
    if actor is not None and (user.is_staff or user.is_superuser) and not actor.is_superuser:
        raise DomainError("forbidden", "Only a superuser may suspend a member of the staff.")
    return reason, user


# --- Memberships ------------------------------------------------------------------------------------------------------


@transaction.atomic
def appoint_member(
    *, actor: Any | None, business_id: UUID, user_id: UserId, role: str, reason: str = ""
) -> Membership:
    """`add_member`, with an entry in the audit log."""
    membership = add_member(business_id=business_id, user_id=user_id, role=role)
    record(
        actor=actor,
        action=Action.ADD_MEMBER,
        subject=membership.business,
        reason=reason,
        user=str(user_id),
        role=role,
    )
    return membership


@transaction.atomic
def dismiss_member(*, actor: Any | None, membership: Membership, reason: str = "") -> None:
    """`remove_member`, with an entry in the audit log."""
    business, user_id = membership.business, membership.user_id
    remove_member(business_id=business.pk, user_id=user_id)
    record(actor=actor, action=Action.REMOVE_MEMBER, subject=business, reason=reason, user=str(user_id))
