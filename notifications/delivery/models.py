"""The tables of the delivery to people who are away.

The message itself says whether it is unread. These rows only say when to check a conversation again, and up to which
message each person was notified.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from conversations.models import Business, Conversation, Episode


class Channel(models.TextChoices):
    PUSH = "push"
    EMAIL = "email"


class Escalation(models.Model):
    """A side of a conversation has unread messages; at `due_at` a worker decides about the next step.

    The transaction of the first unread message writes it. A worker deletes it some time
    after no step is left.
    """

    # Without a constraint, because checking it would cost every first message a lookup of a row that it has locked.
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    side = models.CharField(max_length=10)
    due_at = models.DateTimeField(db_index=True)
    is_settled = models.BooleanField(default=False)  # the last check found nothing to do

    class Meta:
        app_label = "notifications"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "side"], name="escalation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.side} of {self.conversation_id} at {self.due_at:%Y-%m-%d %H:%M:%S}"


class Progress(models.Model):
    """The last message of a conversation that a person was notified of, or that was skipped, on each channel."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    push_seq = models.PositiveBigIntegerField(default=0)
    email_seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        app_label = "notifications"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "conversation"], name="delivery_progress_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}: push {self.push_seq}, email {self.email_seq}"


class NotificationSettings(models.Model):
    """A person's choices. Null: the default of the business, and then of the site, applies."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notification_settings",
    )
    email_unread = models.BooleanField(null=True, blank=True)
    email_after_minutes = models.PositiveIntegerField(null=True, blank=True)
    push_unread = models.BooleanField(null=True, blank=True)
    push_content = models.BooleanField(null=True, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    locale = models.CharField(max_length=16, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "notifications"
        verbose_name_plural = "notification settings"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="notification_quiet_hours_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class BusinessNotificationSettings(models.Model):
    """The defaults of a business, for its customers and its members."""

    business = models.OneToOneField(
        Business, on_delete=models.CASCADE, primary_key=True, related_name="notification_settings"
    )
    email_unread = models.BooleanField(null=True, blank=True, help_text="Send mail about unread messages.")
    email_after_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes that a message stays unread before the mail."
    )
    push_unread = models.BooleanField(null=True, blank=True, help_text="Send push about unread messages.")
    push_content = models.BooleanField(
        default=True, help_text="Show the message in a push. Otherwise a push only says that there is one."
    )

    class Meta:
        app_label = "notifications"
        verbose_name = verbose_name_plural = "notification defaults of a business"

    def __str__(self) -> str:
        return str(self.business_id)


class PushSubscription(models.Model):
    """A browser that shows pushes to a person. The endpoint is a secret address at the browser's push service."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions"
    )
    endpoint = models.CharField(max_length=2000)
    endpoint_digest = models.CharField(max_length=64, unique=True, editable=False)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    device = models.CharField(max_length=200, blank=True)
    login_id = models.UUIDField(null=True, editable=False)  # of a token login
    # Of a browser's session. Empty for a token login, and in rows of earlier releases.
    session_key = models.CharField(max_length=40, default="", db_default="", blank=True, editable=False)
    # Of the password with which the browser was signed in. Empty in rows of earlier releases.
    password_tag = models.CharField(max_length=32, default="", db_default="", blank=True, editable=False)
    # The last push to it, or to another browser of the person, took seconds.
    is_slow = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "notifications"

    def __str__(self) -> str:
        return f"{self.device or 'a browser'} of {self.user_id}"


class Notice(models.Model):
    """One push or mail to a person, or the decision not to send it, with the reason."""

    class State(models.TextChoices):
        """`unknown`: the worker was killed while it sent the notice, and nobody knows whether it arrived."""

        PENDING = "pending"
        SENT = "sent"
        SKIPPED = "skipped"
        FAILED = "failed"
        UNKNOWN = "unknown"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=10, choices=Channel)
    # Null for a mail, which may be about several conversations.
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, related_name="+")
    subscription = models.ForeignKey(
        PushSubscription, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    # A mail that asks for a rating of this episode. There is one at most.
    episode = models.OneToOneField(Episode, on_delete=models.CASCADE, null=True, related_name="+")
    covers = models.JSONField(default=dict)  # conversation id → the last `seq` in the notice
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    handed_over_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "notifications"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(channel="email", state="pending", episode=None),
                name="notice_one_mail_pending",
            ),
            models.UniqueConstraint(
                fields=["conversation", "subscription"],
                # A notice that was sent does not cover later messages.
                condition=Q(channel="push", state="pending", handed_over_at=None),
                name="notice_one_push_pending",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="notice_of_user"),
            # The few that the recurring jobs look for.
            models.Index(
                fields=["created_at"],
                condition=Q(channel="push", state="sent", withdrawn_at=None),
                name="notice_push_shown_since",
            ),
            models.Index(fields=["created_at"], condition=Q(state="pending"), name="notice_pending_since"),
            models.Index(fields=["subscription"], name="notice_of_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.user_id}: {self.state} {self.reason}".strip()


class ReceivedMail(models.Model):
    """A received mail and its outcome. The digest of its Message-ID makes a repetition harmless."""

    digest = models.CharField(max_length=64, primary_key=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, null=True, related_name="+")
    # The digest of the text, because an auto-responder repeats it. Empty for a mail that became no message.
    text_digest = models.CharField(max_length=64, blank=True, editable=False)
    outcome = models.CharField(max_length=40)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "notifications"
        ordering: ClassVar = ["-received_at"]
        indexes: ClassVar = [
            models.Index(fields=["user", "-received_at"], name="received_mail_of_user"),
            models.Index(fields=["received_at"], name="received_mail_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.received_at:%Y-%m-%d %H:%M}"
