"""Write the audit log, and check the permission and the reason that every entry needs."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Model

from chatsite.errors import DomainError, invalid
from conversations.models import Business, ChatMessage, Conversation
from conversations.moderation.models import AuditEntry, Report
from conversations.validation import clean_text

REASON_LENGTH: Final = 1_000

_SUBJECTS: Final[dict[type[Model], str]] = {
    ChatMessage: "message",
    Conversation: "conversation",
    Business: "business",
    Report: "report",
}


def require_permission(actor: Any | None, permission: str) -> None:
    """Raise `forbidden` if the actor lacks the permission. `None` is the command line, which has every permission."""
    if actor is not None and not actor.has_perm(f"conversations.{permission}"):
        raise DomainError("forbidden", "You do not have permission to do this.")


def clean_reason(reason: str) -> str:
    """Return the reason without surrounding space. Raises `invalid` if it is empty."""
    reason = reason.strip()
    if not reason:
        raise invalid("Please give a reason.", field="reason")
    return clean_text(reason, field="reason", limit=REASON_LENGTH)


def record(*, actor: Any | None, action: str, subject: Model, reason: str = "", **data: Any) -> AuditEntry:
    """Append an entry in the transaction of the recorded change. `data` contains ids and numbers, never names."""
    return AuditEntry.objects.create(
        actor=actor,
        action=action,
        subject_type=_SUBJECTS.get(type(subject), "user"),
        subject_id=str(subject.pk),
        reason=reason,
        data=data,
    )
