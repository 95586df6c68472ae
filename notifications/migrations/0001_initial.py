import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("conversations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Inbox",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="inbox",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("rev", models.PositiveBigIntegerField(default=0, editable=False)),
                ("pruned_rev", models.PositiveBigIntegerField(default=0, editable=False)),
            ],
            options={
                "verbose_name_plural": "inboxes",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pruned_rev__lte", models.F("rev"))),
                        name="inbox_pruned_in_the_past",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("agent", "Agent")], default="agent", max_length=10
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("revoked", "Revoked"),
                            ("expired", "Expired"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "business",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="conversations.business",
                    ),
                ),
                (
                    "invitee",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "inviter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["business", "-id"], name="invitation_of_business"),
                    models.Index(fields=["invitee", "-id"], name="invitation_of_invitee"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "pending")),
                        fields=("business", "invitee"),
                        name="invitation_pending_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["owner", "agent"])), name="invitation_role"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("status", "pending")),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("status__in", ["accepted", "declined", "revoked", "expired"]),
                            ),
                            _connector="OR",
                        ),
                        name="invitation_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("inviter", models.F("invitee")), _negated=True),
                        name="invitation_of_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))),
                        name="invitation_lasts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_rev", models.PositiveBigIntegerField(editable=False)),
                ("rev", models.PositiveBigIntegerField(editable=False)),
                ("type", models.CharField(max_length=50)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("body", models.TextField(blank=True)),
                ("action_url", models.CharField(blank=True, max_length=500)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("dedupe_key", models.CharField(blank=True, editable=False, max_length=200, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "recipient",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["recipient", "-created_rev"],
                "indexes": [
                    models.Index(fields=["recipient", "type", "created_rev"], name="notification_by_type"),
                    models.Index(
                        condition=models.Q(("deleted_at", None), ("read_at", None)),
                        fields=["recipient", "created_rev"],
                        name="notification_unread",
                    ),
                    models.Index(fields=["recipient", "rev"], name="notification_by_rev"),
                    models.Index(fields=["created_at"], name="notification_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("recipient", "created_rev"), name="notification_created_rev_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("dedupe_key__isnull", False)),
                        fields=("dedupe_key", "recipient"),
                        name="notification_dedupe_key_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("created_rev__gte", 1), ("rev__gte", models.F("created_rev"))),
                        name="notification_revs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("type", ""), _negated=True), name="notification_has_type"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("client_id", models.CharField(blank=True, editable=False, max_length=64, null=True)),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="offers",
                        to="conversations.conversation",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["conversation", "-id"], name="offer_of_conversation")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("client_id__isnull", False)),
                        fields=("conversation", "author", "client_id"),
                        name="offer_client_id_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="offer_amount_positive"
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            django.db.models.functions.text.Length("currency"), 3
                        ),
                        name="offer_currency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("status", "pending")),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("status__in", ["accepted", "declined", "withdrawn", "expired"]),
                            ),
                            _connector="OR",
                        ),
                        name="offer_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("created_at"))), name="offer_lasts"
                    ),
                ],
            },
        ),
    ]
