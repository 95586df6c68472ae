"""Notifications, and the invitations and offers that users answer from them.

Every change of a user's notifications takes the next `rev` under the lock of the user's inbox. The numbers therefore
follow the order of the commits of all processes, and `rev > known` finds everything a client has missed. Ids cannot do
this, because two processes may commit their ids in the opposite order.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils import timezone
from uuid_utils.compat import uuid7

from conversations.models import Business, Conversation, Membership


class Inbox(models.Model):
    """The last `rev` of a user's notifications. Every change of them locks this row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="inbox"
    )
    rev = models.PositiveBigIntegerField(default=0, editable=False)
    # The `rev` of the last pruning. A client with a lower one fetches the list again.
    pruned_rev = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "inboxes"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pruned_rev__lte=F("rev")), name="inbox_pruned_in_the_past")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.rev}"


class Notification(models.Model):
    """A notification of one user. A deleted row keeps no content and stays until it is pruned."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    created_rev = models.PositiveBigIntegerField(editable=False)  # orders lists
    rev = models.PositiveBigIntegerField(editable=False)  # of the last change
    type = models.CharField(max_length=50)
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    action_url = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(max_length=200, null=True, blank=True, editable=False)  # noqa: DJ001  null: none
    read_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["recipient", "-created_rev"]
        constraints: ClassVar = [
            # The list uses this index too.
            models.UniqueConstraint(
                fields=["recipient", "created_rev"], name="notification_created_rev_once"
            ),
            # The key comes first, so that the index also finds all recipients of one key.
            models.UniqueConstraint(
                fields=["dedupe_key", "recipient"],
                condition=Q(dedupe_key__isnull=False),
                name="notification_dedupe_key_once",
            ),
            models.CheckConstraint(
                condition=Q(created_rev__gte=1, rev__gte=F("created_rev")), name="notification_revs"
            ),
            models.CheckConstraint(condition=~Q(type=""), name="notification_has_type"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["recipient", "type", "created_rev"], name="notification_by_type"),
            models.Index(
                fields=["recipient", "created_rev"],
                condition=Q(read_at=None, deleted_at=None),
                name="notification_unread",
            ),
            models.Index(fields=["recipient", "rev"], name="notification_by_rev"),
            models.Index(fields=["created_at"], name="notification_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} for {self.recipient_id}"


class Invitation(models.Model):
    """An owner's invitation to join the business, to a user or to an e-mail address.

    An invitation to an address has no invitee until somebody accepts it by the link in the mail.
    """

    class Status(models.TextChoices):
        """Leaves `pending` once. A pending row whose time is over counts as expired, marked or not."""

        PENDING = "pending"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        REVOKED = "revoked"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="invitations", db_index=False
    )
    inviter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    invitee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="invitations",
        db_index=False,
    )
    # In lower case. "" for an invitation to a user.
    email = models.CharField(max_length=254, blank=True, default="", db_default="", editable=False)
    role = models.CharField(max_length=10, choices=Membership.Role, default=Membership.Role.AGENT)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["business", "invitee"], condition=Q(status="pending"), name="invitation_pending_once"
            ),
            models.UniqueConstraint(
                fields=["business", "email"],
                condition=Q(status="pending") & ~Q(email=""),
                name="invitation_by_mail_once",
            ),
            models.CheckConstraint(
                condition=Q(invitee__isnull=False) | ~Q(email=""), name="invitation_to_somebody"
            ),
            models.CheckConstraint(condition=Q(role__in=["owner", "agent"]), name="invitation_role"),
            models.CheckConstraint(
                condition=Q(status="pending", answered_at=None)
                | Q(status__in=["accepted", "declined", "revoked", "expired"], answered_at__isnull=False),
                name="invitation_status",
            ),
            models.CheckConstraint(condition=~Q(inviter=F("invitee")), name="invitation_of_another"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="invitation_lasts"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["business", "-id"], name="invitation_of_business"),
            models.Index(fields=["invitee", "-id"], name="invitation_of_invitee"),
            models.Index(fields=["expires_at"], name="invitation_pending", condition=Q(status="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.invitee_id or 'somebody'} to {self.business_id} ({self.status})"


class Offer(models.Model):
    """A business's offer, with a price, to the customer of a conversation."""

    class Status(models.TextChoices):
        """Leaves `pending` once. A pending row whose time is over counts as expired, marked or not."""

        PENDING = "pending"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="offers", db_index=False
    )
    # Null for a person who was erased.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    client_id = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001  null: not given
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "author", "client_id"],
                condition=Q(client_id__isnull=False),
                name="offer_client_id_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="offer_amount_positive"),
            models.CheckConstraint(condition=Exact(Length("currency"), 3), name="offer_currency"),
            models.CheckConstraint(
                condition=Q(status="pending", answered_at=None)
                | Q(status__in=["accepted", "declined", "withdrawn", "expired"], answered_at__isnull=False),
                name="offer_status",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="offer_lasts"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["conversation", "-id"], name="offer_of_conversation"),
            models.Index(fields=["expires_at"], name="offer_pending", condition=Q(status="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.status})"


# Django finds an app's models in its module `models` alone.
from notifications.delivery.models import (  # noqa: E402, F401
    BusinessNotificationSettings,
    Escalation,
    Notice,
    NotificationSettings,
    Progress,
    PushSubscription,
    ReceivedMail,
)
from notifications.webhooks.models import Webhook, WebhookDelivery, WebhookEvent  # noqa: E402, F401
