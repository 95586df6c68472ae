import django.db.models.deletion
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

# The database itself refuses to change the audit log, whoever asks. TRUNCATE is left to the table's owner: tests empty
# tables with it. Who must prune the log drops the triggers first, which is a decision and leaves a trace of its own.

POSTGRESQL = (
    """
    CREATE FUNCTION conversations_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON conversations_auditentry
    FOR EACH ROW EXECUTE FUNCTION conversations_audit_refuse()
    """,
)
POSTGRESQL_BACK = (
    "DROP TRIGGER IF EXISTS audit_append_only ON conversations_auditentry",
    "DROP FUNCTION IF EXISTS conversations_audit_refuse()",
)

# SQLite forgets triggers when it rebuilds a table: a later migration that alters this one must call `refuse_changes`.
SQLITE = (
    """
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON conversations_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON conversations_auditentry
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
)
SQLITE_BACK = ("DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete")


def refuse_changes(apps, schema_editor):
    statements = {"postgresql": POSTGRESQL, "sqlite": SQLITE}.get(schema_editor.connection.vendor, ())
    for statement in statements:
        schema_editor.execute(statement)


def allow_changes(apps, schema_editor):
    statements = {"postgresql": POSTGRESQL_BACK, "sqlite": SQLITE_BACK}.get(
        schema_editor.connection.vendor, ()
    )
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("hide_message", "Hide Message"),
                            ("restore_message", "Restore Message"),
                            ("freeze_conversation", "Freeze Conversation"),
                            ("unfreeze_conversation", "Unfreeze Conversation"),
                            ("suspend_user", "Suspend User"),
                            ("reinstate_user", "Reinstate User"),
                            ("resolve_report", "Resolve Report"),
                            ("add_member", "Add Member"),
                            ("remove_member", "Remove Member"),
                            ("export_transcript", "Export Transcript"),
                            ("export_person", "Export Person"),
                            ("erase_person", "Erase Person"),
                        ],
                        max_length=30,
                    ),
                ),
                ("subject_type", models.CharField(max_length=20)),
                ("subject_id", models.CharField(max_length=64)),
                ("reason", models.TextField(blank=True)),
                ("data", models.JSONField(default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit log",
                "ordering": ["-id"],
                "permissions": [
                    ("hide_message", "Can hide and restore messages"),
                    ("freeze_conversation", "Can freeze and unfreeze conversations"),
                    ("suspend_user", "Can suspend and reinstate users"),
                    ("resolve_report", "Can resolve reports"),
                    ("export_transcript", "Can export a conversation's transcript"),
                    ("export_person", "Can export a person's data"),
                    ("erase_person", "Can erase a person"),
                ],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_of_subject"),
                    models.Index(fields=["actor", "-id"], name="audit_of_actor"),
                    models.Index(fields=["action", "-id"], name="audit_of_action"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("spam", "Spam"),
                            ("abuse", "Abuse"),
                            ("fraud", "Fraud"),
                            ("privacy", "Privacy"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("resolved", "Resolved")], default="open", max_length=10
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("message_hidden", "Message Hidden"),
                            ("user_suspended", "User Suspended"),
                            ("conversation_frozen", "Conversation Frozen"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="none",
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="conversations.chatmessage",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["status", "-id"], name="report_queue")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("message__isnull", False), ("status", "open")),
                        fields=("reporter", "message"),
                        name="report_of_message_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open"), ("user__isnull", False)),
                        fields=("reporter", "conversation", "user"),
                        name="report_of_user_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("message", None), ("status", "open"), ("user", None)),
                        fields=("reporter", "conversation"),
                        name="report_of_conversation_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("message", None), ("user", None), _connector="OR"),
                        name="report_of_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "none"), ("resolved_at", None), ("status", "open")),
                            models.Q(
                                ("resolved_at__isnull", False),
                                ("status", "resolved"),
                                models.Q(("outcome", "none"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="report_status",
                    ),
                ],
            },
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
