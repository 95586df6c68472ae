"""The operations of moderators. Each is one transaction with the change, its audit entry and its events.

Live clients see the change at once, and other clients at their next `sync`. Repeating an operation changes nothing and
adds no second entry. `actor` is None for the command line.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction

from chatsite.errors import DomainError, not_found
from chatsite.identity import operations as identity
from conversations import events
from conversations.access import UserId, object_key
from conversations.attachments.retention import expire_released_files
from conversations.membership import add_member, remove_member
from conversations.models import ChatMessage, Conversation, Membership
from conversations.moderation.audit import clean_reason, record, require_permission
from conversations.moderation.models import AuditEntry
from conversations.serializers import MessageObject
from conversations.writing.conversation_change import change_conversations
from conversations.writing.message_change import change_message

Action = AuditEntry.Action

# --- Messages ---------------------------------------------------------------------------------------------------------


def hide_message(*, actor: Any | None, message_id: str | UUID, reason: str) -> MessageObject:
    """Hide a message. Clients see it as deleted. The row keeps its content."""
    require_permission(actor, "hide_message")
    reason = clean_reason(reason)
    with change_message(message_id) as changing:
        message = changing.message
        if message.hidden_at:
            return changing.unchanged()
        message.hidden_at = changing.now
        if message.deleted_at is None:
            changing.count_unread(-1)
        _record_message(actor, Action.HIDE_MESSAGE, message, reason)
        return changing.publish(events.message_deleted)


def restore_message(*, actor: Any | None, message_id: str | UUID, reason: str) -> MessageObject:
    """Show a hidden message again. If its sender has deleted it, it stays deleted."""
    require_permission(actor, "hide_message")
    reason = clean_reason(reason)
    with change_message(message_id) as changing:
        message = changing.message
        if message.hidden_at is None:
            return changing.unchanged()
        message.hidden_at = None
        expire_released_files(message)
        if message.deleted_at is None:
            changing.count_unread(1)
        _record_message(actor, Action.RESTORE_MESSAGE, message, reason)
        return changing.publish(events.message_deleted if message.deleted_at else events.message_edited)


def _record_message(actor: Any | None, action: str, message: ChatMessage, reason: str) -> None:
    conversation = str(message.conversation_id)
    record(
        actor=actor, action=action, subject=message, reason=reason, conversation=conversation, seq=message.seq
    )


# --- Conversations ----------------------------------------------------------------------------------------------------


def freeze_conversation(*, actor: Any | None, conversation_id: str | UUID, reason: str) -> Conversation:
    """Refuse new messages and edits with `frozen`. Reading and deleting still work."""
    return _set_frozen(actor, conversation_id, reason, frozen=True)


def unfreeze_conversation(*, actor: Any | None, conversation_id: str | UUID, reason: str) -> Conversation:
    return _set_frozen(actor, conversation_id, reason, frozen=False)


def _set_frozen(actor: Any | None, conversation_id: str | UUID, reason: str, *, frozen: bool) -> Conversation:
    """Freeze or unfreeze. Both sides get `conversation_updated`. It takes no `rev`, because no message changes."""
    require_permission(actor, "freeze_conversation")
    reason = clean_reason(reason)
    key = object_key(conversation_id, "conversation")
    with change_conversations([key]) as change:
        conversation = change.conversations.get(key)
        if conversation is None:
            raise not_found("conversation")
        if frozen != (conversation.frozen_at is not None):
            conversation.frozen_at = change.now if frozen else None
            change.save(conversation)
            action = Action.FREEZE_CONVERSATION if frozen else Action.UNFREEZE_CONVERSATION
            record(actor=actor, action=action, subject=conversation, reason=reason)
    return conversation


# --- People -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def suspend_user(*, actor: Any | None, user_id: UserId, reason: str) -> None:
    """Close the user's live sockets, and refuse the user's tokens, cookies and password."""
    reason, user = _check_user(actor, user_id, reason)
    if user.is_active:
        identity.deactivate_user(user_id=str(user.pk))
        record(actor=actor, action=Action.SUSPEND_USER, subject=user, reason=reason)


@transaction.atomic
def reinstate_user(*, actor: Any | None, user_id: UserId, reason: str) -> None:
    """Let the user log in again. Raise `conflict` for an erased person."""
    reason, user = _check_user(actor, user_id, reason)
    if is_erased(user.pk):
        raise DomainError("conflict", "This person was erased and cannot be reinstated.")
    if not user.is_active:
        identity.reactivate_user(user_id=str(user.pk))
        record(actor=actor, action=Action.REINSTATE_USER, subject=user, reason=reason)


def is_erased(user_id: UserId) -> bool:
    return bool(erased_among([user_id]))


def erased_among(user_ids: Collection[UserId]) -> set[UserId]:
    """Return those of the users who have been erased."""
    keys = {str(user_id): user_id for user_id in user_ids}
    rows = AuditEntry.objects.filter(
        subject_type="user", subject_id__in=keys, action=Action.ERASE_PERSON
    ).order_by()
    return {keys[subject] for subject in rows.values_list("subject_id", flat=True)}


def _check_user(actor: Any | None, user_id: UserId, reason: str) -> tuple[str, Any]:
    require_permission(actor, "suspend_user")
    reason = clean_reason(reason)
    # The lock keeps two moderators at the same time from adding two entries.
    user = get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise not_found("user")
    if actor is not None and actor.pk == user.pk:
        raise DomainError("conflict", "You cannot suspend or reinstate yourself.")
    if actor is not None and (user.is_staff or user.is_superuser) and not actor.is_superuser:
        raise DomainError("forbidden", "Only a superuser can suspend or reinstate a staff member.")
    return reason, user


# --- Memberships ------------------------------------------------------------------------------------------------------


@transaction.atomic
def appoint_member(
    *, actor: Any | None, business_id: UUID, user_id: UserId, role: str, reason: str = ""
) -> Membership:
    """Run `add_member` and add an entry to the audit log."""
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
    """Run `remove_member` and add an entry to the audit log."""
    business, user_id = membership.business, membership.user_id
    remove_member(business_id=business.pk, user_id=user_id)
    record(actor=actor, action=Action.REMOVE_MEMBER, subject=business, reason=reason, user=str(user_id))
