"""Notify members whom a colleague's note mentions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from conversations.access import UserId
from conversations.block_rules import blockers_among
from conversations.models import Conversation, Note
from conversations.team.notes import people_mentioned
from notifications import types
from notifications.inbox import lock_inboxes
from notifications.operations import notify

# Neither the note nor a name is part of it: a notification stays with its reader, who may leave the team.
NOTE_MENTION = types.declare(
    "note_mention",
    label=_("Mentions"),
    title="A colleague mentions you in a note",
    action_url="/app/c/{conversationId}",
    for_members=True,
)


def notify_mentioned(conversation: Conversation, note: Note, people: list[UserId]) -> None:
    blockers = blockers_among(people, note.author_id)
    people = [user_id for user_id in people if user_id not in blockers]
    lock_inboxes(people)
    data = {
        "conversationId": str(conversation.pk),
        "noteId": str(note.pk),
        "authorId": str(note.author_id),
    }
    for user_id in people:
        notify(recipient_id=user_id, type=NOTE_MENTION.name, data=data, dedupe_key=f"note-mention:{note.pk}")


people_mentioned.append(notify_mentioned)
