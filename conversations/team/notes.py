"""Private notes in a conversation: add, edit, delete, read. Each takes the next `teamRev`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from chatsite.errors import DomainError, not_found
from conversations import access
from conversations.access import UserId, object_key
from conversations.models import Business, Conversation, Membership, Note
from conversations.team import events
from conversations.team.access import lock_members, member_conversation
from conversations.team.change import TeamPart
from conversations.team.requests import MOST_MENTIONS
from conversations.team.serializers import NoteObject, note_object
from conversations.validation import clean_client_id, clean_content
from conversations.writing.conversation_change import ConversationChange, change_conversations

# Called inside the transaction with the conversation, the note, and the people whom it mentions for the first time.
# An app adds its own in `AppConfig.ready`.
people_mentioned: Final[list[Callable[[Conversation, Note, list[UserId]], None]]] = []


def add_note(
    *,
    user_id: UserId,
    conversation_id: str | UUID,
    content: str,
    mention_ids: Sequence[str] = (),
    client_id: str | None = None,
) -> tuple[NoteObject, bool]:
    """Return the note, and whether it is new. With a known `clientId`, it is the stored one."""
    where = member_conversation(user_id, conversation_id)
    content, client_id = clean_content(content), clean_client_id(client_id)
    with change_conversations() as change:
        mentioned = _lock_mentioned(where.business_id, mention_ids)
        [conversation] = change.lock([where.pk])
        known = _known(where.pk, user_id, client_id)
        if known is not None:
            return note_object(known), False
        team = change.parts.get(TeamPart)
        team_rev = team.take_rev(team.state_of(conversation))
        note = Note(
            conversation=conversation,
            author_id=user_id,
            client_id=client_id,
            content=content,
            mentions=[str(key) for key in mentioned],
            created_team_rev=team_rev,
            team_rev=team_rev,
            created_at=change.now,
        )
        note.save(force_insert=True)
        _tell_mentioned(conversation, note, mentioned)
        team.publish(events.note_added(conversation.business_id, note_object(note)))
    return note_object(note), True


def edit_note(
    *, user_id: UserId, note_id: str | UUID, content: str, mention_ids: Sequence[str] | None = None
) -> NoteObject:
    """Edit one's own note. People whom it did not mention before are notified."""
    where = _find(user_id, note_id)
    content = clean_content(content)
    with change_conversations() as change:
        wanted = where.mentions if mention_ids is None else mention_ids
        mentioned = _lock_mentioned(where.conversation.business_id, wanted, keep=where.mentions)
        note, conversation = _lock(change, where)
        _require_author(user_id, note)
        if (note.content, note.mentions) == (content, [str(key) for key in mentioned]):
            return note_object(note)
        new = [key for key in mentioned if str(key) not in note.mentions]
        note.content, note.mentions = content, [str(key) for key in mentioned]
        note.edited_at = change.now
        _save(change, conversation, note)
        _tell_mentioned(conversation, note, new)
        change.parts.get(TeamPart).publish(events.note_edited(conversation.business_id, note_object(note)))
    return note_object(note)


def delete_note(*, user_id: UserId, note_id: str | UUID) -> NoteObject:
    """Delete a note, as its author or as an owner of the business. Its content is gone for good."""
    where = _find(user_id, note_id, with_deleted=True)
    with change_conversations() as change:
        note, conversation = _lock(change, where)
        if note.deleted_at is not None:
            return note_object(note)
        if not _is_owner(user_id, conversation.business_id):
            _require_author(user_id, note)
        empty_note(change, conversation, note)
    return note_object(note)


def empty_note(change: ConversationChange, conversation: Conversation, note: Note) -> None:
    """Delete a note of a locked conversation."""
    note.content, note.mentions, note.deleted_at = "", [], change.now
    _save(change, conversation, note)
    change.parts.get(TeamPart).publish(events.note_deleted(conversation.business_id, note_object(note)))


def notes_of(user_id: UserId, conversation_id: str | UUID) -> QuerySet[Note]:
    """Return the notes of a conversation, for a member."""
    return Note.objects.filter(conversation=member_conversation(user_id, conversation_id))


# --- Inside a change --------------------------------------------------------------------------------------------------


def _known(conversation_id: UUID, user_id: UserId, client_id: str | None) -> Note | None:
    if client_id is None:
        return None
    return Note.objects.filter(
        conversation_id=conversation_id, author_id=user_id, client_id=client_id
    ).first()


def _find(user_id: UserId, raw_id: str | UUID, *, with_deleted: bool = False) -> Note:
    """Return a note of a conversation of a business that the user is a member of."""
    rows = Note.objects.select_related("conversation").filter(pk=object_key(raw_id, "note"))
    note = (rows if with_deleted else rows.filter(deleted_at=None)).first()
    if note is None or note.conversation.business_id not in access.load_actor(user_id).businesses:
        raise not_found("note")
    return note


def _lock(change: ConversationChange, where: Note) -> tuple[Note, Conversation]:
    """Return the note as it is under the lock of its conversation."""
    [conversation] = change.lock([where.conversation_id])
    return Note.objects.get(pk=where.pk), conversation


def _save(change: ConversationChange, conversation: Conversation, note: Note) -> None:
    team = change.parts.get(TeamPart)
    note.team_rev = team.take_rev(team.state_of(conversation))
    note.save()


def _require_author(user_id: UserId, note: Note) -> None:
    if note.deleted_at is not None:
        raise not_found("note")
    if note.author_id != user_id:
        raise DomainError("forbidden", "Only the author may change a note.")


def _is_owner(user_id: UserId, business_id: UUID) -> bool:
    rows = Membership.objects.filter(user_id=user_id, business_id=business_id, role=Membership.Role.OWNER)
    return rows.exists()


def _lock_mentioned(business_id: UUID, raw_ids: Sequence[str], *, keep: Sequence[str] = ()) -> list[Any]:
    """Return the keys of the members who are mentioned. Of `keep`, those who have left are dropped in silence."""
    if len(raw_ids) > MOST_MENTIONS:
        raise DomainError(
            "too_large",
            f"A note can mention at most {MOST_MENTIONS} people.",
            {"field": "mentionIds", "limit": MOST_MENTIONS},
        )
    present = {
        str(key) for key in Business.objects.get(pk=business_id).memberships.values_list("user_id", flat=True)
    }
    wanted = [raw for raw in raw_ids if raw in present or raw not in keep]
    return lock_members(business_id, wanted, field="mentionIds")


def _tell_mentioned(conversation: Conversation, note: Note, people: list[UserId]) -> None:
    others = [key for key in people if key != note.author_id]
    if others:
        for tell in people_mentioned:
            tell(conversation, note, others)
