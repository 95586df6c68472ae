"""The one conversation of each business and customer, and its messages.

Each change of a conversation takes the next `rev` under the lock of its row, and stamps the changed messages with it. A
message takes the next `seq` likewise. Neither has gaps, so a client that reconnects asks for what is above its `rev`.
"""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from conversations.business_models import Business as Business  # noqa: PLC0414  modules import these from here
from conversations.business_models import Membership as Membership  # noqa: PLC0414
from conversations.senders import SenderKind as SenderKind  # noqa: PLC0414
from conversations.senders import Side as Side  # noqa: PLC0414


class Conversation(models.Model):
    """The messages of one business and one customer, with the latest `seq` and `rev`, a preview, and unread counts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Without indexes of their own, because those of the lists begin with these columns. Each message updates them all.
    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="conversations", db_index=False
    )
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conversations", db_index=False
    )
    last_seq = models.PositiveBigIntegerField(default=0, editable=False)
    rev = models.PositiveBigIntegerField(default=0, editable=False)
    last_message = models.CharField(max_length=200, blank=True, editable=False)
    # What a list shows, as JSON: the last message's files, a reaction since, and who sent the last message.
    last_files = models.TextField(default="", db_default="", blank=True, editable=False)
    last_reaction = models.TextField(default="", db_default="", blank=True, editable=False)
    last_sender = models.TextField(default="", db_default="", blank=True, editable=False)
    last_message_at = models.DateTimeField(null=True, editable=False)
    active_at = models.DateTimeField(default=timezone.now, editable=False)  # the order of lists
    customer_unread = models.PositiveIntegerField(default=0, editable=False)
    business_unread = models.PositiveIntegerField(default=0, editable=False)
    customer_archived = models.BooleanField(default=False)
    business_archived = models.BooleanField(default=False)
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The `rev` at which messages were last removed. A client with a lower `rev` must fetch the conversation again.
    rewritten_rev = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    # Who is blocked, by the rows of `Block`, written with them: the customer by the business; the business by the
    # customer; and the ids of people whom the customer has blocked, as JSON.
    customer_blocked = models.BooleanField(default=False, db_default=False, editable=False)
    business_blocked = models.BooleanField(default=False, db_default=False, editable=False)
    blocked_members = models.TextField(default="", db_default="", blank=True, editable=False)
    # How many people have marked messages as unread again. Mostly nobody, and then no change looks for their rows.
    marks = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    # The last change that only this side sees, such as its archive. Its clients see the later time as `updatedAt`.
    customer_updated_at = models.DateTimeField(null=True, editable=False)
    business_updated_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-active_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["business", "customer"], name="conversation_once"),
            models.CheckConstraint(condition=Q(rev__gte=F("last_seq")), name="conversation_rev_covers_seq"),
            models.CheckConstraint(
                condition=Q(customer_unread__lte=F("last_seq"), business_unread__lte=F("last_seq")),
                name="conversation_unread_within_messages",
            ),
            models.CheckConstraint(
                condition=Q(last_seq=0, last_message_at=None)
                | Q(last_seq__gt=0, last_message_at__isnull=False),
                name="conversation_last_message_at",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-active_at", "-id"], name="conversation_of_customer"),
            models.Index(fields=["business", "-active_at", "-id"], name="conversation_of_business"),
            models.Index(
                fields=["customer"], name="conversation_customer_unread", condition=Q(customer_unread__gt=0)
            ),
            models.Index(
                fields=["business"], name="conversation_business_unread", condition=Q(business_unread__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_id} with {self.customer_id}"


# Hidden and deleted messages that still have their content. Moderators search them; nobody else finds them.
REMOVED_MESSAGE: Final = (Q(deleted_at__isnull=False) | Q(hidden_at__isnull=False)) & ~Q(content="")


class ChatMessage(models.Model):
    class Type(models.TextChoices):
        TEXT = "text"
        IMAGE = "image"
        FILE = "file"
        VOICE = "voice"
        SYSTEM = "system"

    class Status(models.TextChoices):
        """Changes only forward. A system message stays `sent`."""

        SENT = "sent"
        DELIVERED = "delivered"
        READ = "read"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    seq = models.PositiveBigIntegerField(editable=False)
    rev = models.PositiveBigIntegerField(editable=False)
    # Null for the system, and for a person who was erased. An index would slow down every insert of a message. So
    # a person's messages are found through the person's conversations.
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    sender_side = models.CharField(max_length=10, choices=Side)
    client_id = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001  null means not given
    content = models.TextField()
    message_type = models.CharField(max_length=10, choices=Type, default=Type.TEXT)
    status = models.CharField(max_length=10, choices=Status, default=Status.SENT)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)  # by a moderator; clients see it as deleted
    reply_to = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The reactions as clients see them, in JSON. They are written together with the rows of `Reaction`, so that a page
    # of messages needs no second query.
    reactions = models.TextField(default="", db_default="", blank=True, editable=False)
    attachments = models.TextField(default="", db_default="", blank=True, editable=False)  # likewise
    sender_kind = models.CharField(
        max_length=10, choices=SenderKind, default=SenderKind.PERSON, db_default="person", editable=False
    )
    # How the message came in; empty for apps and the API.
    via = models.CharField(
        max_length=10, choices=[("email", "E-mail")], default="", db_default="", blank=True, editable=False
    )

    class Meta:
        ordering: ClassVar = ["conversation", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_once"),
            models.UniqueConstraint(
                fields=["conversation", "sender", "client_id"],
                condition=Q(client_id__isnull=False),
                name="message_client_id_once",
            ),
            models.CheckConstraint(condition=Q(seq__gte=1, rev__gte=F("seq")), name="message_seq_and_rev"),
            models.CheckConstraint(
                condition=Q(sender_side__in=["customer", "business", "system"]), name="message_side"
            ),
            models.CheckConstraint(
                condition=Q(message_type__in=["text", "image", "file", "voice", "system"]),
                name="message_type",
            ),
            models.CheckConstraint(
                condition=Q(status="sent", delivered_at=None, read_at=None)
                | Q(status="delivered", delivered_at__isnull=False, read_at=None)
                | Q(status="read", delivered_at__isnull=False, read_at__isnull=False),
                name="message_status_times",
            ),
            models.CheckConstraint(
                condition=Q(sender_side="system", status="sent", sender=None) | ~Q(sender_side="system"),
                name="message_of_system",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["conversation", "rev"], name="message_by_rev"),
            # Only replies. The database looks for them when it deletes the row of a message.
            models.Index(fields=["reply_to"], name="message_replies", condition=Q(reply_to__isnull=False)),
            models.Index(fields=["-id"], name="message_removed", condition=REMOVED_MESSAGE),
            # Only unread messages, so that a receipt does not depend on the length of the conversation.
            models.Index(
                fields=["conversation", "sender_side", "seq"],
                name="message_unread",
                condition=~Q(status="read"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} #{self.seq}"


class MessageEdit(models.Model):
    """The content of a message before an edit."""

    message = models.ForeignKey(ChatMessage, on_delete=models.CASCADE, related_name="edits")
    content = models.TextField()
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.message_id} until {self.replaced_at:%Y-%m-%d %H:%M}"


from conversations.attachments.models import Attachment as Attachment  # noqa: E402, PLC0414  models of this app too
from conversations.attachments.models import DirectUpload as DirectUpload  # noqa: E402, PLC0414
from conversations.attachments.models import StorageUse as StorageUse  # noqa: E402, PLC0414
from conversations.attachments.models import StoredFile as StoredFile  # noqa: E402, PLC0414
from conversations.blocks.models import Block as Block  # noqa: E402, PLC0414
from conversations.moderation.models import AuditEntry  # noqa: E402, F401
from conversations.moderation.models import EmptiedConversation as EmptiedConversation  # noqa: E402, PLC0414
from conversations.moderation.models import Report as Report  # noqa: E402, PLC0414
from conversations.own_state.models import OwnState as OwnState  # noqa: E402, PLC0414
from conversations.reactions.models import Reaction as Reaction  # noqa: E402, PLC0414
from conversations.search.models import IndexedMessage  # noqa: E402, F401
from conversations.team.assignment.models import AssignmentRule as AssignmentRule  # noqa: E402, PLC0414
from conversations.team.automations.models import AutomaticAnswer as AutomaticAnswer  # noqa: E402, PLC0414
from conversations.team.automations.models import Automations as Automations  # noqa: E402, PLC0414
from conversations.team.canned.models import CannedAnswer as CannedAnswer  # noqa: E402, PLC0414
from conversations.team.hours.models import AnswerTime as AnswerTime  # noqa: E402, PLC0414
from conversations.team.hours.models import BusinessHours as BusinessHours  # noqa: E402, PLC0414
from conversations.team.models import ConversationLabel as ConversationLabel  # noqa: E402, PLC0414
from conversations.team.models import Label as Label  # noqa: E402, PLC0414
from conversations.team.models import Note as Note  # noqa: E402, PLC0414
from conversations.team.models import TeamGroup as TeamGroup  # noqa: E402, PLC0414
from conversations.team.models import TeamState as TeamState  # noqa: E402, PLC0414
from conversations.team.reports.models import CsatSettings as CsatSettings  # noqa: E402, PLC0414
from conversations.team.reports.models import Episode as Episode  # noqa: E402, PLC0414
from conversations.team.saved_views.models import SavedView as SavedView  # noqa: E402, PLC0414
