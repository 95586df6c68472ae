"""The live commands of the team's side. For everybody but members, the conversation does not exist."""

from __future__ import annotations

from chatsite.database.threads import in_database_thread
from chatsite.realtime.interfaces import Session
from chatsite.realtime.registry import command
from conversations.access import user_key
from conversations.team import notes, operations
from conversations.team.requests import (
    DeleteNoteCommand,
    EditNoteCommand,
    HandOverCommand,
    NoteCommand,
    TeamCommand,
)
from conversations.team.serializers import NoteEvent, TeamStateObject, note_event


@command("set_team_state", TeamCommand, answer=TeamStateObject)
async def set_team_state(session: Session, data: TeamCommand) -> TeamStateObject:
    """Set status, assignee, group, priority or labels of a conversation, as a member of its business."""
    return await in_database_thread(
        operations.set_team_state,
        user_id=user_key(session.user_id),
        conversation_id=data.conversation_id,
        body=data,
    )


@command("hand_over", HandOverCommand, answer=TeamStateObject, scope="conversations:write")
async def hand_over(session: Session, data: HandOverCommand) -> TeamStateObject:
    """Make a conversation `pending` until a person of the team takes it. Repeating it changes nothing."""
    return await in_database_thread(
        operations.hand_over, user_id=user_key(session.user_id), conversation_id=data.conversation_id
    )


@command("add_note", NoteCommand, answer=NoteEvent)
async def add_note(session: Session, data: NoteCommand) -> NoteEvent:
    """Add a private note. With a `clientId`, a retry stores no second note."""
    note, _ = await in_database_thread(
        notes.add_note,
        user_id=user_key(session.user_id),
        conversation_id=data.conversation_id,
        content=data.content,
        mention_ids=data.mention_ids,
        client_id=data.client_id,
    )
    return note_event(note)


@command("edit_note", EditNoteCommand, answer=NoteEvent)
async def edit_note(session: Session, data: EditNoteCommand) -> NoteEvent:
    """Edit one's own note."""
    note = await in_database_thread(
        notes.edit_note,
        user_id=user_key(session.user_id),
        note_id=data.note_id,
        content=data.content,
        mention_ids=data.mention_ids,
    )
    return note_event(note)


@command("delete_note", DeleteNoteCommand, answer=NoteEvent)
async def delete_note(session: Session, data: DeleteNoteCommand) -> NoteEvent:
    """Delete a note, as its author or as an owner of the business."""
    note = await in_database_thread(
        notes.delete_note, user_id=user_key(session.user_id), note_id=data.note_id
    )
    return note_event(note)
