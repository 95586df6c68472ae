"""Erase and export what the team's side has of a person.

A note is the words of its author, and often about the customer. So the erasure of either empties it. An export has the
notes that the person wrote, and none about the person, because a customer's export shows nothing of the team's side.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db.models import Q

from conversations.access import UserId
from conversations.models import Note
from conversations.moderation import erasure, exports
from conversations.team.notes import empty_note
from conversations.team.serializers import NoteObject, note_object
from conversations.writing.conversation_change import change_conversations

GROUP: Final = 200  # notes of one transaction
PAGE: Final = 500


def erase_notes(user_id: UserId) -> int:
    """Empty the notes by the person and about the person. Return how many. Running it again completes it."""
    of_person = Q(author_id=user_id) | Q(conversation__customer_id=user_id, deleted_at=None)
    rows = Note.objects.filter(of_person).order_by("conversation_id", "created_team_rev")
    erased = 0
    while first := rows.first():
        with change_conversations([first.conversation_id]) as change:
            conversation = change.conversations.get(first.conversation_id)
            if conversation is None:  # the undo of an import has removed it meanwhile
                continue
            for note in rows.filter(conversation=conversation)[:GROUP]:
                if note.author_id == user_id:
                    note.author, note.client_id = None, None
                empty_note(change, conversation, note)
                erased += 1
    return erased


def note_lines(user_id: UserId) -> Iterator[NoteObject]:
    """Yield the notes that the person wrote, for the export."""
    rows = Note.objects.filter(author_id=user_id, deleted_at=None).order_by("pk")
    return map(note_object, rows.iterator(chunk_size=PAGE))


erasure.erase_in_groups.append(erase_notes)
exports.person_sections["note"] = note_lines
