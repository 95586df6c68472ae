"""Check the invariants of conversations, and repair wrong unread counts.

The check reads conversations in batches by id, with a fixed number of statements for each batch. A busy site changes
between two statements, so the check verifies every suspected problem again under the locks of its conversations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Max, Q

from conversations.block_rules import set_blocks
from conversations.models import ChatMessage, Conversation, OwnState, Side
from conversations.writing.conversation_change import change_conversations
from conversations.writing.conversation_sql import lock_conversations
from conversations.writing.list_preview import last_files_of, last_sender_of, preview_of

BATCH: Final = 500

# Checks of other apps. Each yields a description of every problem. An app adds its own in `AppConfig.ready`.
further_checks: Final[list[Callable[[], Iterator[str]]]] = []


@dataclass(frozen=True)
class Problem:
    conversation_id: UUID
    what: str

    def __str__(self) -> str:
        return f"{self.conversation_id}: {self.what}"


def find_problems() -> Iterator[Problem]:
    """Yield each conversation whose numbers, preview, counts or replies do not match its messages."""
    for batch in _batches():
        suspects = {problem.conversation_id for problem in _problems_of(batch)}
        if suspects:
            with transaction.atomic():
                found = _problems_of(list(lock_conversations(suspects).values()))
            yield from found


def _batches() -> Iterator[list[Conversation]]:
    rows = Conversation.objects.order_by("pk")
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:BATCH])


def _problems_of(conversations: Sequence[Conversation]) -> list[Problem]:
    keys = [conversation.pk for conversation in conversations]
    numbers = _numbers(keys)
    last = _last_messages(keys)
    counts = _unread(keys)
    strangers = _strangers(keys)
    on_both_sides = _on_both_sides(keys)
    blocked, marks = _wrong_blocks(conversations), _marks(keys)
    found = []
    for conversation in conversations:
        texts = [
            *_wrong_numbers(conversation, *numbers.get(conversation.pk, (0, 0, 0))),
            *_wrong_preview(conversation, last.get(conversation.pk)),
            *_wrong_counts(conversation, counts.get(conversation.pk, (0, 0))),
            *strangers.get(conversation.pk, ()),
            *(["The blocks differ from the rows of blocks."] if conversation.pk in blocked else ()),
            *_wrong_marks(conversation, marks.get(conversation.pk, 0)),
            *(["The customer is a member of the business."] if conversation.pk in on_both_sides else ()),
        ]
        found += [Problem(conversation.pk, text) for text in texts]
    return found


# --- Numbers ----------------------------------------------------------------------------------------------------------


def _numbers(keys: Sequence[UUID]) -> dict[UUID, tuple[int, int, int]]:
    """Return for each conversation the number of messages, their highest `seq` and their highest `rev`."""
    rows = ChatMessage.objects.filter(conversation__in=keys).order_by().values("conversation_id")
    rows = rows.annotate(count=Count("pk"), seq=Max("seq"), highest=Max("rev"))
    return {row["conversation_id"]: (row["count"], row["seq"], row["highest"]) for row in rows}


def _wrong_numbers(conversation: Conversation, count: int, seq: int, rev: int) -> Iterator[str]:
    # `seq` begins at 1 and is unique, so it has no gaps if the highest one is the number of messages.
    if count != seq:
        yield f"seq has gaps: there are {count} messages, and the highest seq is {seq}."
    if seq != conversation.last_seq:
        yield f"lastSeq is {conversation.last_seq}, but the last message has seq {seq}."
    # Every change stamps a message with its `rev`, and the `rev` of a message only grows. A removal of messages stores
    # its `rev` in the conversation instead.
    if max(rev, conversation.rewritten_rev) != conversation.rev:
        yield f"rev is {conversation.rev}, but the highest rev of the messages is {rev}."


# --- Previews ---------------------------------------------------------------------------------------------------------


def _last_messages(keys: Sequence[UUID]) -> dict[UUID, ChatMessage]:
    rows = ChatMessage.objects.filter(conversation__in=keys, seq=F("conversation__last_seq")).order_by()
    return {message.conversation_id: message for message in rows}


def _wrong_preview(conversation: Conversation, last: ChatMessage | None) -> Iterator[str]:
    if last is None:
        return
    if conversation.last_message != preview_of(last):
        yield f"lastMessage differs from the content of message {last.seq}."
    if conversation.last_files != last_files_of(last):
        yield f"lastFiles differs from the files of message {last.seq}."
    if conversation.last_sender not in (
        "",
        last_sender_of(last),
    ):  # empty since before there was such a column
        yield f"lastSender differs from the sender and status of message {last.seq}."
    if conversation.last_message_at != last.created_at:
        yield f"lastMessageAt is {conversation.last_message_at}, but message {last.seq} is from {last.created_at}."


# --- Counts -----------------------------------------------------------------------------------------------------------


def _unread(keys: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Count the unread messages of the customer and of the business, with the partial index of unread messages."""
    rows = ChatMessage.objects.filter(conversation__in=keys, deleted_at=None, hidden_at=None)
    unread = rows.exclude(status=ChatMessage.Status.READ).order_by()
    counted = unread.values("conversation_id").annotate(
        customer=Count("pk", filter=Q(sender_side=Side.BUSINESS)),
        business=Count("pk", filter=Q(sender_side=Side.CUSTOMER)),
    )
    return {row["conversation_id"]: (row["customer"], row["business"]) for row in counted}


def _wrong_counts(conversation: Conversation, counted: tuple[int, int]) -> Iterator[str]:
    for side, stored, real in zip(
        ("customer", "business"),
        (conversation.customer_unread, conversation.business_unread),
        counted,
        strict=True,
    ):
        if stored != real:
            yield f"The unread count of the {side} is {stored}, but {real} messages are unread."


def recount_unread(*, dry_run: bool = False) -> Iterator[str]:
    """Repair the wrong unread counts, and yield a line for each. Live clients get the new counts."""
    for batch in _batches():
        counted = _unread([conversation.pk for conversation in batch])
        for conversation in batch:
            if any(_wrong_counts(conversation, counted.get(conversation.pk, (0, 0)))):
                yield from _recount(conversation.pk, dry_run)


def _recount(conversation_id: UUID, dry_run: bool) -> list[str]:
    with change_conversations([conversation_id]) as change:
        conversation = change.conversations[conversation_id]
        counted = _unread([conversation_id]).get(conversation_id, (0, 0))
        lines = [str(Problem(conversation_id, text)) for text in _wrong_counts(conversation, counted)]
        if lines and not dry_run:
            change.recount_unread(conversation, *counted)
    return lines


# --- Messages ---------------------------------------------------------------------------------------------------------


def _strangers(keys: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Find messages with a wrong sender, or in reply to a message of another conversation."""
    by_another = Q(sender_side=Side.CUSTOMER, sender__isnull=False) & ~Q(sender=F("conversation__customer"))
    elsewhere = Q(reply_to__isnull=False) & ~Q(reply_to__conversation=F("conversation"))
    lost = Q(sender=None, deleted_at=None) & ~Q(sender_side=Side.SYSTEM)
    rows = ChatMessage.objects.filter(by_another | elsewhere | lost, conversation__in=keys)
    rows = rows.select_related("conversation", "reply_to").order_by("seq")
    found: dict[UUID, list[str]] = {}
    for message in rows:
        texts = found.setdefault(message.conversation_id, [])
        customer_id, reply = message.conversation.customer_id, message.reply_to
        if message.sender_side == Side.CUSTOMER and message.sender_id not in (None, customer_id):
            texts.append(f"Message {message.seq} is on the customer's side, but from another user.")
        if reply is not None and reply.conversation_id != message.conversation_id:
            texts.append(f"Message {message.seq} replies to a message of another conversation.")
        if message.sender_id is None and message.deleted_at is None and message.sender_side != Side.SYSTEM:
            texts.append(f"Message {message.seq} has no sender, but was not erased.")
    return found


def _on_both_sides(keys: Sequence[UUID]) -> set[UUID]:
    """Return the conversations whose customer is also a member of the business."""
    rows = Conversation.objects.filter(pk__in=keys, business__memberships__user=F("customer"))
    return set(rows.order_by().values_list("pk", flat=True))


# --- Blocks and marks -------------------------------------------------------------------------------------------------


def _wrong_blocks(conversations: Sequence[Conversation]) -> set[UUID]:
    """Return the conversations whose columns disagree with the rows of `Block`."""
    copies = [copy(conversation) for conversation in conversations]
    return {conversation.pk for conversation in set_blocks(copies)}


def _marks(keys: Sequence[UUID]) -> dict[UUID, int]:
    rows = OwnState.objects.filter(conversation__in=keys, unread_from__isnull=False).order_by()
    counted = rows.values("conversation_id").annotate(count=Count("pk"))
    return {row["conversation_id"]: row["count"] for row in counted}


def _wrong_marks(conversation: Conversation, count: int) -> Iterator[str]:
    if conversation.marks != count:
        yield f"marks is {conversation.marks}, {count} people have marked messages as unread"


# --- The audit log ----------------------------------------------------------------------------------------------------

_TRIGGERS: Final[dict[str, tuple[str, set[Any]]]] = {
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'conversations_auditentry'::regclass AND tgenabled <> 'D'",
        {"audit_append_only"},
    ),
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'conversations_auditentry'",
        {"audit_no_update", "audit_no_delete"},
    ),
}


def audit_log_is_guarded() -> bool:
    """Return whether triggers protect the audit log. True for databases for which there are no such triggers."""
    if connection.vendor not in _TRIGGERS:
        return True
    statement, wanted = _TRIGGERS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return wanted <= {name for (name,) in cursor.fetchall()}
