"""Reports: participants create them, and moderators resolve them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.struct_schema import documented
from conversations.access import UserId, find_conversation, object_key, user_key
from conversations.models import ChatMessage, Conversation, Membership
from conversations.moderation import operations as moderation
from conversations.moderation.audit import clean_reason, record, require_permission
from conversations.moderation.models import AuditEntry, Report
from conversations.requests import RowId
from conversations.serializers import WireObject
from conversations.validation import clean_text

TEXT_LENGTH: Final = 2_000
Outcome = Report.Outcome
Reason = Annotated[str, documented(enum=Report.Reason.values)]

# --- What clients see and send ----------------------------------------------------------------------------------------


class ReportBody(WireObject, kw_only=True):
    """A report about a message, about a person, or without either about the conversation."""

    example = {"text": "The same advertisement again and again."}

    conversation_id: RowId
    reason: Reason
    message_id: RowId | None = None
    user_id: str | None = None
    text: Annotated[str, documented(maxLength=TEXT_LENGTH)] = ""


class ReportObject(WireObject, kw_only=True):
    """A report as its reporter sees it, without the outcome and the moderators' note."""

    example = {"text": "The same advertisement again and again."}

    id: UUID
    conversation_id: UUID
    message_id: UUID | None
    user_id: str | None
    reason: Reason
    text: str
    status: Annotated[str, documented(enum=Report.Status.values)]
    created_at: datetime


def report_object(report: Report) -> ReportObject:
    return ReportObject(
        id=report.pk,
        conversation_id=report.conversation_id,
        message_id=report.message_id,
        user_id=None if report.user_id is None else str(report.user_id),
        reason=report.reason,
        text=report.text,
        status=report.status,
        created_at=report.created_at,
    )


# --- Create -----------------------------------------------------------------------------------------------------------


def make_report(
    *,
    reporter_id: UserId,
    conversation_id: str,
    reason: str,
    message_id: str | None = None,
    user_id: str | None = None,
    text: str = "",
) -> tuple[Report, bool]:
    """Create a report, and return it with True. If the same report is still open, return that one with False."""
    if reason not in Report.Reason.values:
        raise invalid(f"reason must be one of {', '.join(Report.Reason.values)}.", field="reason")
    if message_id is not None and user_id is not None:
        raise invalid("A report cannot be about both a message and a person.", field="userId")
    text = clean_text(text.strip(), field="text", limit=TEXT_LENGTH)
    conversation, _ = find_conversation(reporter_id, conversation_id)
    subject = {
        "conversation": conversation,
        "message_id": None if message_id is None else _message_in(conversation, message_id, reporter_id),
        "user_id": None if user_id is None else _person_in(conversation, user_id, reporter_id),
    }
    mine = Report.objects.filter(reporter_id=reporter_id, status=Report.Status.OPEN, **subject)
    stored = mine.first()
    if stored is not None:
        return stored, False
    try:
        with transaction.atomic():
            made = Report.objects.create(reporter_id=reporter_id, reason=reason, text=text, **subject)
    except IntegrityError:  # another request has created the same report at the same time
        return mine.get(), False
    return made, True


def _message_in(conversation: Conversation, raw_id: str, reporter_id: UserId) -> UUID:
    message = ChatMessage.objects.filter(pk=object_key(raw_id, "message"), conversation=conversation).first()
    if message is None:
        raise not_found("message")
    if message.sender_id == reporter_id:
        raise invalid("You cannot report your own message.", field="messageId")
    return message.pk


def _person_in(conversation: Conversation, raw_id: str, reporter_id: UserId) -> UserId:
    """Return the key of the customer, a member of the business, or a former member who has written here."""
    key = user_key(raw_id)
    if key == reporter_id:
        raise invalid("You cannot report yourself.", field="userId")
    takes_part = (
        key == conversation.customer_id
        or Membership.objects.filter(business_id=conversation.business_id, user_id=key).exists()
        or ChatMessage.objects.filter(conversation=conversation, sender_id=key).exists()
    )
    if not takes_part:
        raise not_found("user")
    return key


# --- Resolve ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def resolve_report(*, actor: Any | None, report_id: str | UUID, outcome: str, note: str) -> Report:
    """Close a report with an outcome, and carry the outcome out in the same transaction.

    The actor also needs the permission for the outcome. Raise `conflict` if the report has been resolved.
    """
    require_permission(actor, "resolve_report")
    note = clean_reason(note)
    if outcome not in Outcome.values or outcome == Outcome.NONE:
        raise invalid("Please choose an outcome.", field="outcome")
    report = Report.objects.select_for_update().filter(pk=object_key(report_id, "report")).first()
    if report is None:
        raise not_found("report")
    if report.status != Report.Status.OPEN:
        raise DomainError("conflict", "This report has already been resolved.")
    if outcome != Outcome.DISMISSED:
        _OUTCOMES[outcome](actor, report, note)
    report.status, report.outcome, report.note = Report.Status.RESOLVED, outcome, note
    report.resolved_by, report.resolved_at = actor, timezone.now()
    report.save(update_fields=["status", "outcome", "note", "resolved_by", "resolved_at"])
    action = AuditEntry.Action.RESOLVE_REPORT
    record(
        actor=actor,
        action=action,
        subject=report,
        reason=note,
        outcome=outcome,
        conversation=str(report.conversation_id),
    )
    return report


def possible_outcomes(report: Report) -> list[str]:
    """Return the outcomes that are possible for the subject of the report."""
    possible = [Outcome.DISMISSED.value, Outcome.CONVERSATION_FROZEN.value]
    if report.message_id is not None:
        possible.append(Outcome.MESSAGE_HIDDEN.value)
    if accused(report) is not None:
        possible.append(Outcome.USER_SUSPENDED.value)
    return possible


def accused(report: Report) -> UserId | None:
    """Return the person that the report is about: the reported person, or the sender of the message."""
    if report.user_id is not None or report.message is None:
        return report.user_id
    return report.message.sender_id


def _hide(actor: Any | None, report: Report, note: str) -> None:
    if report.message_id is None:
        raise invalid("The report is not about a message.", field="outcome")
    moderation.hide_message(actor=actor, message_id=report.message_id, reason=note)


def _suspend(actor: Any | None, report: Report, note: str) -> None:
    user_id = accused(report)
    if user_id is None:
        raise invalid("The report is not about a person.", field="outcome")
    moderation.suspend_user(actor=actor, user_id=user_id, reason=note)


def _freeze(actor: Any | None, report: Report, note: str) -> None:
    moderation.freeze_conversation(actor=actor, conversation_id=report.conversation_id, reason=note)


_OUTCOMES: Final[dict[str, Callable[[Any | None, Report, str], None]]] = {
    Outcome.MESSAGE_HIDDEN: _hide,
    Outcome.USER_SUSPENDED: _suspend,
    Outcome.CONVERSATION_FROZEN: _freeze,
}


def open_reports(conversation_id: UUID) -> QuerySet[Report]:
    """Return the open reports of one conversation."""
    return Report.objects.filter(conversation_id=conversation_id, status=Report.Status.OPEN)
