"""Delete messages that are older than the site or their business keeps them, with their files and earlier versions.

A message keeps its place, its sender and its time; its content goes for moderators too. Each step is one transaction
of a few messages, so a run that was interrupted continues where it stopped. Messages with an open report stay until it
is resolved.

`EmptiedConversation` notes up to which message a conversation is empty. A run looks at the first message after it, and
reads on only if that one is too old. So it reads neither what is empty nor what is kept. Imported messages may be older
than those before them; a run that is `whole` finds these. Every conversation gets one each week.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chatsite.background.jobs import enqueue
from conversations import events
from conversations.attachments.jobs import delete_files
from conversations.attachments.release import forget_files
from conversations.attachments.retention import kept_days
from conversations.models import (
    ChatMessage,
    Conversation,
    EmptiedConversation,
    MessageEdit,
    Reaction,
    Report,
)
from conversations.writing.conversation_change import change_conversations

GROUP: Final = 200  # messages of one transaction, so that a conversation is locked for a short time only
PAGE: Final = 500  # conversations of one query
WHOLE_EVERY: Final = 7  # days between two whole runs through a conversation


@dataclass(frozen=True, slots=True)
class Place:
    """The last conversation that a run has done. Runs follow the ids of the businesses, and then of conversations."""

    business_id: UUID
    conversation_id: UUID


@dataclass
class ExpiredMessages:
    """What was deleted, or with a dry run would be."""

    conversations: int = 0
    messages: int = 0


def delete_expired_messages(*, dry_run: bool = False) -> ExpiredMessages:
    """Empty the messages that are too old. Each takes a `rev`, and clients see it as deleted."""
    run = Run(is_whole=lambda _: True, dry_run=dry_run)
    run.go()
    return run.done


def is_whole_today(conversation_id: UUID) -> bool:
    return (conversation_id.int + timezone.now().toordinal()) % WHOLE_EVERY == 0


@dataclass
class Run:
    """One run through the conversations, which may stop after any step and continue after `place`."""

    place: Place | None = None
    is_whole: Callable[[UUID], bool] = is_whole_today
    dry_run: bool = False
    done: ExpiredMessages = field(default_factory=ExpiredMessages)

    def go(self, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Return whether the run has come to its end, and not to that of its time."""
        for business_id, before, keys in self._pages():
            for walk in self._due_in(keys, before):
                if not self._empty(walk, is_over):
                    return False
            self.place = Place(business_id, keys[-1])
            if is_over():
                return False
        return True

    def _pages(self) -> Iterator[tuple[UUID, datetime, list[UUID]]]:
        after = self.place
        for business_id, days in kept_days(settings.MESSAGE_DAYS, "message_days"):
            if after is not None and business_id < after.business_id:
                continue
            rows = Conversation.objects.filter(business_id=business_id)
            if after is not None and business_id == after.business_id:
                rows = rows.filter(pk__gt=after.conversation_id)
            keys = list(rows.order_by("pk").values_list("pk", flat=True))
            before = timezone.now() - timedelta(days=days)
            for start in range(0, len(keys), PAGE):
                yield business_id, before, keys[start : start + PAGE]

    def _due_in(self, keys: list[UUID], before: datetime) -> Iterator[Walk]:
        whole = [key for key in keys if self.is_whole(key)]
        rows = Conversation.objects.annotate(mark=Coalesce("emptied__seq", 0)).filter(last_seq__gt=F("mark"))
        of_row = {"conversation": OuterRef("pk"), "seq__gt": OuterRef("mark")}
        first = ChatMessage.objects.filter(**of_row).order_by("seq").values("created_at")[:1]
        due = rows.annotate(first_at=Subquery(first)).filter(
            pk__in=set(keys).difference(whole), first_at__lt=before
        )
        for key, mark in list(due.order_by("pk").values_list("pk", "mark")):
            yield Walk(key, before, mark, is_whole=False)
        expired = rows.filter(Exists(_expired(before).filter(**of_row)), pk__in=whole)
        for key, mark in list(expired.order_by("pk").values_list("pk", "mark")):
            yield Walk(key, before, mark, is_whole=True)

    def _empty(self, walk: Walk, is_over: Callable[[], bool]) -> bool:
        if self.dry_run:
            emptied, is_at_end = walk.expired().count(), True
        else:
            emptied, is_at_end = walk.go(is_over)
        self.done.messages += emptied
        self.done.conversations += bool(emptied)
        return is_at_end


def _expired(before: datetime) -> QuerySet[ChatMessage]:
    return ChatMessage.objects.filter(~Report.is_open_for("pk"), created_at__lt=before).exclude(content="")


@dataclass
class Walk:
    """The way through one conversation."""

    conversation_id: UUID
    before: datetime
    mark: int  # all messages up to it are empty
    is_whole: bool
    position: int = field(init=False)  # the last message that was looked at

    def __post_init__(self) -> None:
        self.position = self.mark

    def expired(self) -> QuerySet[ChatMessage]:
        rows = _expired(self.before).filter(conversation_id=self.conversation_id)
        return rows.filter(seq__gt=self.position).order_by("seq")

    def go(self, is_over: Callable[[], bool]) -> tuple[int, bool]:
        """Empty what is too old. Return the number of messages, and whether none is left."""
        emptied = 0
        while self._skip_to_next():
            found = self._empty_group()
            emptied += found
            if is_over():
                return emptied, False
        return emptied, True

    def _skip_to_next(self) -> bool:
        """Move `position` to the message before the next group. Return whether there is one."""
        if self.position == self.mark and not self.is_whole:
            rows = ChatMessage.objects.filter(conversation_id=self.conversation_id, seq__gt=self.position)
            first_at = rows.order_by("seq").values_list("created_at", flat=True).first()
            return first_at is not None and first_at < self.before
        seq = self.expired().values_list("seq", flat=True).first()
        if seq is not None:
            self.position = seq - 1
        return seq is not None

    def _empty_group(self) -> int:
        """Empty the next messages, and return how many they were."""
        with change_conversations([self.conversation_id]) as change:
            conversation = change.conversations.get(self.conversation_id)
            if conversation is None:  # the undo of an import has removed it meanwhile
                return 0
            rows = ChatMessage.objects.filter(conversation_id=self.conversation_id, seq__gt=self.position)
            group = list(rows.order_by("seq")[:GROUP])
            messages = self._to_empty(group)
            for message in messages:
                if message.deleted_at is None and message.hidden_at is None:
                    change.count_unread(conversation, message, -1)
                message.content, message.attachments, message.reactions = "", "", ""
                message.deleted_at = message.deleted_at or change.now
                change.update_message(conversation, message, events.message_deleted)
            MessageEdit.objects.filter(message__in=messages).delete()
            Reaction.objects.filter(message__in=messages).delete()
            files = forget_files(messages)
            if files:
                enqueue(delete_files, [str(key) for key in files])
            self._move(group)
        return len(messages)

    def _to_empty(self, group: list[ChatMessage]) -> list[ChatMessage]:
        keys = [message.pk for message in group]
        expired = set(_expired(self.before).filter(pk__in=keys).values_list("pk", flat=True))
        return [message for message in group if message.pk in expired]

    def _move(self, group: list[ChatMessage]) -> None:
        """Move `position` past the group, and store the new mark if there is nothing but empty messages before it."""
        begin, mark = self.position, self.mark
        if group:
            self.position = group[-1].seq
        if begin != mark:
            return
        for message in group:
            if message.created_at >= self.before and not self.is_whole:
                self.position = self.mark  # the end: the rest is newer
                break
            if message.created_at >= self.before or message.content:
                break  # it is kept, or reported
            self.mark = message.seq
        if self.mark > mark:
            EmptiedConversation.objects.update_or_create(
                conversation_id=self.conversation_id, defaults={"seq": self.mark}
            )
