"""What members do with canned answers."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.identity.names import display_name
from conversations.access import UserId, find_conversation, object_key
from conversations.membership import lock_person
from conversations.models import Conversation, Membership, TeamGroup
from conversations.search.tokens import fold, searchable
from conversations.team.access import find_membership
from conversations.team.authored_rows import check_number, require_changeable
from conversations.team.canned import files, queries
from conversations.team.canned.models import CODE_LENGTH, TEXT_LENGTH, CannedAnswer
from conversations.team.canned.serializers import CannedAnswerBody, CannedAnswerChange, FilledAnswer
from conversations.team.canned.variables import check_variables, fill, first_name
from conversations.validation import clean_required, storable

MOST_OF_BUSINESS: Final = 1000
MOST_OF_MEMBER: Final = 200
_CODE: Final = re.compile(r"[\w.-]+")


def create_answer(*, user_id: UserId, body: CannedAnswerBody) -> tuple[CannedAnswer, Membership]:
    membership = find_membership(user_id, body.business_id)
    code, text = clean_code(body.code), clean_answer(body.text)
    owner_id = user_id if body.scope == "private" else None
    group = _group_of(membership, body)
    with transaction.atomic():
        check_number(
            CannedAnswer, membership, owner_id, of_business=MOST_OF_BUSINESS, of_member=MOST_OF_MEMBER
        )
        answer = CannedAnswer(
            business=membership.business, owner_id=owner_id, group=group, code=code, text=text
        )
        answer.created_by_id = user_id
        _save(answer, new=True)
        if body.attachment_ids:
            files.set_files(answer, user_id, body.attachment_ids)
    return answer, membership


def change_answer(
    *, user_id: UserId, answer_id: str, body: CannedAnswerChange
) -> tuple[CannedAnswer, Membership]:
    if body == CannedAnswerChange():
        raise invalid("Set code, text or attachmentIds.", field="code")
    with transaction.atomic():
        answer, membership = _find_changeable(user_id, answer_id)
        if body.code is not msgspec.UNSET:
            answer.code = clean_code(body.code)
        if body.text is not msgspec.UNSET:
            answer.text = clean_answer(body.text)
        answer.updated_at = timezone.now()
        _save(answer)
        if body.attachment_ids is not msgspec.UNSET:
            files.set_files(answer, user_id, body.attachment_ids)
    return answer, membership


def delete_answer(*, user_id: UserId, answer_id: str) -> None:
    with transaction.atomic():
        answer, _ = _find_changeable(user_id, answer_id)
        files.delete_all(answer)
        answer.delete()


def use_answer(*, user_id: UserId, answer_id: str, conversation_id: str) -> FilledAnswer:
    """Return the text for a conversation of the answer's business, with copies of its files, and count the use."""
    answer, membership = queries.find_answer(user_id, answer_id)
    conversation, _ = find_conversation(user_id, conversation_id)
    if conversation.business_id != answer.business_id:
        raise invalid("The conversation is with another business.", field="conversationId")
    text = fill(answer.text, values_of(conversation, membership))
    with transaction.atomic():
        lock_person(user_id)  # before the answer, as an erasure of the person does
        used = CannedAnswer.objects.filter(pk=answer.pk).update(uses=F("uses") + 1, used_at=timezone.now())
        if not used:
            raise not_found("canned answer")
        copies = files.copies_of(answer, user_id)
    return FilledAnswer(id=answer.pk, text=text, attachments=copies)


def values_of(conversation: Conversation, membership: Membership) -> dict[str, str]:
    agent, customer = display_name(membership.user), display_name(conversation.customer)
    return {
        "agent.name": agent,
        "agent.firstName": first_name(agent),
        "business.name": conversation.business.name,
        "customer.name": customer,
        "customer.firstName": first_name(customer),
    }


def clean_code(raw: str) -> str:
    """Return the code as it is stored and compared: lower case, without accents."""
    code = fold(raw.strip().removeprefix("/"))
    if not code or not storable(code) or not _CODE.fullmatch(code):
        raise invalid("A code can contain only letters, digits, '.', '-' and '_'.", field="code")
    if len(code) > CODE_LENGTH:
        limit = {"field": "code", "limit": CODE_LENGTH}
        raise DomainError("too_large", f"A code can have at most {CODE_LENGTH} characters.", limit)
    return code


def clean_answer(text: str) -> str:
    check_variables(clean_required(text, field="text", limit=TEXT_LENGTH))
    return text


def _find_changeable(user_id: UserId, answer_id: str) -> tuple[CannedAnswer, Membership]:
    answer, membership = queries.find_answer(user_id, answer_id, lock=True)
    require_changeable(answer, membership)
    return answer, membership


def _group_of(membership: Membership, body: CannedAnswerBody) -> TeamGroup | None:
    """Return the group that the answer is for. Its members and the owners of the business may name it."""
    if (body.scope == "group") != (body.group_id is not None):
        raise invalid(
            "groupId is required for the scope group, and not allowed for any other.", field="groupId"
        )
    if body.group_id is None:
        return None
    group = queries.answer_groups(membership).filter(pk=object_key(body.group_id, "group")).first()
    if group is None:
        raise not_found("group")
    return group


def _save(answer: CannedAnswer, *, new: bool = False) -> None:
    answer.tokens = searchable(answer.text)
    try:
        with transaction.atomic():
            answer.save(force_insert=new)
    except IntegrityError as error:
        raise DomainError("conflict", f"The code {answer.code} is taken.", {"field": "code"}) from error
