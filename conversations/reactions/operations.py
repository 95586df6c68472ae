"""Add and remove reactions, under the lock of the conversation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import msgspec

from chatsite.errors import DomainError, not_found
from conversations import access, events
from conversations.access import UserId, require_open, require_side
from conversations.block_rules import require_unblocked
from conversations.models import ChatMessage
from conversations.reactions.emoji_form import canonical_emoji
from conversations.reactions.models import Reaction
from conversations.serializers import MessageObject, ReactionObject
from conversations.writing.conversation_change import ConversationChange, change_conversations
from conversations.writing.list_preview import show_reaction
from conversations.writing.message_change import MessageChange, change_message

MOST_EMOJI: Final = 20  # different ones on one message


def add_reaction(*, user_id: UserId, message_id: str | UUID, emoji: str) -> MessageObject:
    """Add an emoji to a message. Repeating it changes nothing."""
    form = canonical_emoji(emoji)
    with _change_reactions(user_id, message_id) as changing:
        message = changing.message
        is_gone = message.deleted_at or message.hidden_at
        rows = Reaction.objects.filter(message=message)
        if not is_gone and rows.filter(user_id=user_id, emoji=form).exists():
            return changing.unchanged()
        require_open(changing.conversation)
        require_unblocked(changing.conversation, user_id)
        if is_gone:
            raise DomainError("conflict", "The message has been deleted.")
        kinds = set(rows.values_list("emoji", flat=True))
        if form not in kinds and len(kinds) >= MOST_EMOJI:
            raise DomainError(
                "too_large",
                f"A message can have at most {MOST_EMOJI} different reactions.",
                {"limit": MOST_EMOJI},
            )
        Reaction.objects.create(message=message, user_id=user_id, emoji=form, created_at=changing.now)
        message.reactions = stored_reactions(message)
        show_reaction(changing.conversation, message, user_id, form)
        return changing.publish(events.reactions_updated)


def remove_reaction(*, user_id: UserId, message_id: str | UUID, emoji: str) -> MessageObject:
    """Remove the user's emoji from a message. If there is none, nothing changes."""
    form = canonical_emoji(emoji)
    with _change_reactions(user_id, message_id) as changing:
        message = changing.message
        removed, _ = Reaction.objects.filter(message=message, user_id=user_id, emoji=form).delete()
        if not removed:
            return changing.unchanged()
        message.reactions = stored_reactions(message)
        return changing.publish(events.reactions_updated)


def remove_reactions_of(user_id: UserId) -> None:
    """Remove every reaction of a person, as part of an erasure."""
    reacted = ChatMessage.objects.filter(reaction_rows__user_id=user_id)
    for conversation_id in reacted.order_by().values_list("conversation_id", flat=True).distinct():
        with change_conversations([conversation_id]) as change:
            _remove_in_conversation(change, conversation_id, user_id)


def stored_reactions(message: ChatMessage) -> str:
    """Return the value of `ChatMessage.reactions`: JSON of `ReactionObject`s in the order of first use, or ""."""
    by_emoji: dict[str, list[str]] = {}
    for emoji, user_id in (
        Reaction.objects.filter(message=message).order_by("id").values_list("emoji", "user_id")
    ):
        by_emoji.setdefault(emoji, []).append(str(user_id))
    found = [ReactionObject(emoji=emoji, count=len(ids), user_ids=ids) for emoji, ids in by_emoji.items()]
    return msgspec.json.encode(found).decode() if found else ""


@contextmanager
def _change_reactions(user_id: UserId, message_id: str | UUID) -> Iterator[MessageChange]:
    """Change a message of a conversation that the user takes part in."""
    with change_message(message_id) as changing:
        try:
            require_side(access.load_actors([user_id]).get(user_id), changing.conversation)
        except DomainError as error:
            raise not_found("message") from error
        yield changing


def _remove_in_conversation(change: ConversationChange, conversation_id: UUID, user_id: UserId) -> None:
    conversation = change.conversations.get(conversation_id)
    if conversation is None:  # an import has been undone meanwhile
        return
    messages = ChatMessage.objects.filter(conversation_id=conversation_id, reaction_rows__user_id=user_id)
    for message in messages.distinct().order_by("seq"):
        Reaction.objects.filter(message=message, user_id=user_id).delete()
        message.reactions = stored_reactions(message)
        change.update_message(conversation, message, events.reactions_updated)
