"""The team's side of a conversation: status, assignee, group, priority and labels.

No table and no column of the customer's side has any of it, so nothing that is made from those can show it.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7


class TeamGroup(models.Model):
    """A part of a business's team, such as sales, to which conversations can be given."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, related_name="team_groups", db_index=False
    )
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)  # a job deletes the row

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "name"], condition=Q(removed_at=None), name="team_group_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Label(models.Model):
    """A label that members put on conversations of their business."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, related_name="team_labels", db_index=False
    )
    name = models.CharField(max_length=80)
    color = models.CharField(max_length=7, default="#6b7280")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)  # a job deletes the row

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "name"], condition=Q(removed_at=None), name="label_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TeamState(models.Model):
    """What the team has set for one conversation. A conversation without a row is open and unassigned.

    `team_rev` counts the changes of the team's side, notes included. Only `conversations/writing` changes a row, under
    the lock of the conversation.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        PENDING = "pending"  # the team waits for somebody else, or the conversation for a person of the team
        SNOOZED = "snoozed"  # until a time, or the customer's next message
        RESOLVED = "resolved"  # until the customer's next message

    class Priority(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"
        URGENT = "urgent"

    conversation = models.OneToOneField(
        "conversations.Conversation", on_delete=models.CASCADE, primary_key=True, related_name="team_state"
    )
    business = models.ForeignKey(
        "conversations.Business", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    team_rev = models.PositiveBigIntegerField(default=0, db_default=0)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN, db_default="open")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)  # until a person takes it
    group = models.ForeignKey(TeamGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    priority = models.CharField(max_length=10, choices=Priority, blank=True, default="", db_default="")
    labels = models.ManyToManyField(Label, through="ConversationLabel", related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["conversation_id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status="snoozed", snoozed_until__isnull=False)
                | Q(status__in=["open", "pending", "resolved"], snoozed_until=None),
                name="team_status",
            ),
            models.CheckConstraint(
                condition=Q(priority__in=["", "low", "medium", "high", "urgent"]), name="team_priority"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["business", "status", "assignee"], name="team_by_status"),
            models.Index(
                fields=["snoozed_until"], name="team_snoozed", condition=Q(snoozed_until__isnull=False)
            ),
            models.Index(fields=["business", "updated_at"], name="team_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}: {self.status}"


class ConversationLabel(models.Model):
    """A label on a conversation."""

    state = models.ForeignKey(TeamState, on_delete=models.CASCADE, related_name="labelled", db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="labelled")

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["state", "label"], name="conversation_label_once")
        ]

    def __str__(self) -> str:
        return f"{self.label_id} on {self.state_id}"


class Note(models.Model):
    """A member's note in a conversation, for the team alone. A deleted note keeps its place and loses its content."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="notes", db_index=False
    )
    author = models.ForeignKey(  # null: the account was deleted or erased
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    client_id = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001  null: not given
    content = models.TextField()
    mentions = models.JSONField(default=list, blank=True)  # ids of users, as on the wire
    created_team_rev = models.PositiveBigIntegerField(editable=False)  # orders the notes
    team_rev = models.PositiveBigIntegerField(editable=False)  # of the last change
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "conversations"
        ordering: ClassVar = ["conversation_id", "created_team_rev"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "created_team_rev"], name="note_created_once"),
            models.UniqueConstraint(
                fields=["conversation", "author", "client_id"],
                condition=Q(client_id__isnull=False),
                name="note_client_id_once",
            ),
            models.CheckConstraint(
                condition=Q(created_team_rev__gte=1, team_rev__gte=models.F("created_team_rev")),
                name="note_revs",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["conversation", "team_rev"], name="note_by_rev")]

    def __str__(self) -> str:
        return f"{self.conversation_id} ~{self.created_team_rev}"
