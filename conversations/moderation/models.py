"""Reports by participants, and the audit log of moderation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from uuid_utils.compat import uuid7


class Report(models.Model):
    """A participant's complaint about a message, about a person, or about the conversation as a whole."""

    class Reason(models.TextChoices):
        SPAM = "spam"
        ABUSE = "abuse"
        FRAUD = "fraud"
        PRIVACY = "privacy"
        OTHER = "other"

    class Status(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved"

    class Outcome(models.TextChoices):
        NONE = "none"
        MESSAGE_HIDDEN = "message_hidden"
        USER_SUSPENDED = "user_suspended"
        CONVERSATION_FROZEN = "conversation_frozen"
        DISMISSED = "dismissed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="reports"
    )
    message = models.ForeignKey(
        "conversations.ChatMessage", on_delete=models.CASCADE, null=True, blank=True, related_name="reports"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=20, choices=Reason)
    text = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.NONE)
    note = models.TextField(blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]  # newest first, because ids begin with the time
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reporter", "message"],
                condition=Q(status="open", message__isnull=False),
                name="report_of_message_once",
            ),
            models.UniqueConstraint(
                fields=["reporter", "conversation", "user"],
                condition=Q(status="open", user__isnull=False),
                name="report_of_user_once",
            ),
            models.UniqueConstraint(
                fields=["reporter", "conversation"],
                condition=Q(status="open", message=None, user=None),
                name="report_of_conversation_once",
            ),
            models.CheckConstraint(condition=Q(message=None) | Q(user=None), name="report_of_one_thing"),
            models.CheckConstraint(
                condition=Q(status="open", outcome="none", resolved_at=None)
                | (Q(status="resolved", resolved_at__isnull=False) & ~Q(outcome="none")),
                name="report_status",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "-id"], name="report_queue")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} in {self.conversation_id}"

    @classmethod
    def is_open_for(cls, message: str) -> Exists:
        """Return the condition that a message has an open report. `message` is its column in the outer query.

        Until the report is resolved, the message and its files stay for the moderators.
        """
        return Exists(cls.objects.filter(message=OuterRef(message), status=cls.Status.OPEN))


class EmptiedConversation(models.Model):
    """How far retention has emptied a conversation. All messages up to `seq` are empty, so they are not read again."""

    conversation = models.OneToOneField(
        "conversations.Conversation", on_delete=models.CASCADE, primary_key=True, related_name="emptied"
    )
    seq = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.conversation_id} up to {self.seq}"


class AuditLogIsAppendOnly(Exception):
    """Code tried to change or delete an entry. The triggers of the database refuse it too."""


def _refuse() -> NoReturn:
    raise AuditLogIsAppendOnly("Entries of the audit log are never changed and never deleted.")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Allows reading and appending only."""

    def update(self, **kwargs: Any) -> NoReturn:
        _refuse()

    def delete(self) -> NoReturn:
        _refuse()

    def bulk_update(self, objs: Iterable[AuditEntry], *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()


class AuditEntry(models.Model):
    """An action, its actor and its reason. `conversations.moderation.audit.record` writes it. It never changes.

    It contains ids and no names, so that it can stay when a person is erased.
    """

    class Action(models.TextChoices):
        HIDE_MESSAGE = "hide_message"
        RESTORE_MESSAGE = "restore_message"
        FREEZE_CONVERSATION = "freeze_conversation"
        UNFREEZE_CONVERSATION = "unfreeze_conversation"
        SUSPEND_USER = "suspend_user"
        REINSTATE_USER = "reinstate_user"
        RESOLVE_REPORT = "resolve_report"
        ADD_MEMBER = "add_member"
        REMOVE_MEMBER = "remove_member"
        EXPORT_TRANSCRIPT = "export_transcript"
        EXPORT_PERSON = "export_person"
        ERASE_PERSON = "erase_person"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    # Null for the command line.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    action = models.CharField(max_length=30, choices=Action)
    subject_type = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit log"
        ordering: ClassVar = ["-id"]
        default_permissions = ("view",)
        # Every use of these permissions is recorded in this log.
        permissions: ClassVar = [
            ("hide_message", "Can hide and restore messages"),
            ("freeze_conversation", "Can freeze and unfreeze conversations"),
            ("suspend_user", "Can suspend and reinstate users"),
            ("resolve_report", "Can resolve reports"),
            ("export_transcript", "Can export a conversation's transcript"),
            ("export_person", "Can export a person's data"),
            ("erase_person", "Can erase a person"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_of_subject"),
            models.Index(fields=["actor", "-id"], name="audit_of_actor"),
            models.Index(fields=["action", "-id"], name="audit_of_action"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()
