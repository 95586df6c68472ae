"""What a list says of a conversation, as `preview_text.js` says it."""

from __future__ import annotations

from django.utils.translation import gettext

from chatsite.web.attachments import text_of_files
from conversations.preview_objects import LastReactionObject
from conversations.serializers import ConversationObject


def preview_text(conversation: ConversationObject, reader_id: str) -> str:
    """Return a reaction since the last message, its files, or its text. It is empty for a deleted message."""
    if conversation.last_reaction is not None:
        return _reaction_text(conversation.last_reaction, reader_id)
    files = conversation.last_files
    if files is not None:
        return text_of_files(files.kind, files.count, conversation.last_message, files.duration_ms)
    return conversation.last_message


def _reaction_text(reaction: LastReactionObject, reader_id: str) -> str:
    values = {"emoji": reaction.emoji, "text": reaction.excerpt}
    if reaction.user_id == reader_id:
        return gettext("You reacted %(emoji)s to “%(text)s”") % values
    return gettext("Reacted %(emoji)s to “%(text)s”") % values
