"""The canned answers on the page of a team's settings: what it shows of them, and what their form does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext, ngettext

from chatsite.errors import from_decoding
from chatsite.identity.bidi import isolate
from chatsite.web.refused_forms import is_refused_row, with_refused_values
from conversations.attachment_objects import AttachmentObject
from conversations.attachments.operations import Upload, store_upload
from conversations.models import CannedAnswer, Membership
from conversations.team.access import find_membership
from conversations.team.authored_rows import may_change
from conversations.team.canned import operations
from conversations.team.canned.files import file_objects
from conversations.team.canned.queries import answer_groups, visible_answers
from conversations.team.canned.serializers import CannedAnswerBody, CannedAnswerChange

MOST_ANSWERS: Final = 200  # on the page
GROUP: Final = "group:"  # before the id of a group, as the scope of a new answer


@dataclass(frozen=True)
class AnswerRow:
    answer: CannedAnswer
    may_change: bool
    scope: str
    uses: str
    files: list[tuple[AttachmentObject, bool]]  # and whether the answer keeps it


@dataclass(frozen=True)
class ScopeChoice:
    value: str
    text: str
    is_chosen: bool


def answer_rows(membership: Membership, typed: Any) -> list[AnswerRow]:
    """Return the answers. The one whose form was refused has what was typed."""
    found = visible_answers(membership).select_related("group").order_by("code", "pk")[:MOST_ANSWERS]
    return [
        _answer_row(row, membership, typed)
        for row in with_refused_values(found, typed, "answer", "code", "text")
    ]


def _answer_row(answer: CannedAnswer, membership: Membership, typed: Any) -> AnswerRow:
    was_refused = is_refused_row(answer, typed, "answer")
    files = [
        (file, not was_refused or str(file.id) in typed.getlist("keep")) for file in file_objects(answer)
    ]
    return AnswerRow(answer, may_change(answer, membership), _scope_text(answer), _uses_text(answer), files)


def scope_choices(membership: Membership, typed: Any) -> list[ScopeChoice]:
    """Return for whom the member can write an answer. `typed` is a form with a wrong entry, or empty."""
    groups = [
        (f"{GROUP}{row.pk}", _group_text(row.name)) for row in answer_groups(membership).order_by("name")
    ]
    choices = [("business", gettext("For the team")), *groups, ("private", gettext("Only for me"))]
    return [ScopeChoice(value, text, value == typed.get("scope")) for value, text in choices]


def apply_answer(user_id: Any, business_id: str, form: QueryDict, file: Any) -> None:
    """Create, change or delete an answer. `keep` are the files that it keeps, and `file` is a new one or None."""
    code, text = form.get("code", ""), form.get("text", "").replace("\r\n", "\n")
    key = form.get("id", "")
    if "delete" in form:
        operations.delete_answer(user_id=user_id, answer_id=key)
        return
    find_membership(user_id, business_id)  # before anything is stored
    ids = [*form.getlist("keep"), *([_stored(user_id, file)] if file else [])]
    if key:
        change = CannedAnswerChange(code=code, text=text, attachment_ids=ids)
        operations.change_answer(user_id=user_id, answer_id=key, body=change)
        return
    scope, _, group_id = form.get("scope", "business").partition(":")
    given: dict[str, Any] = {"businessId": business_id, "code": code, "text": text, "scope": scope}
    body = {**given, "groupId": group_id or None, "attachmentIds": ids}
    try:
        new = msgspec.convert(body, CannedAnswerBody)
    except msgspec.ValidationError as error:
        raise from_decoding(error) from error
    operations.create_answer(user_id=user_id, body=new)


def _stored(user_id: Any, file: Any) -> str:
    return str(store_upload(user_id, Upload(file, file.name or "", file.size or 0)).pk)


def _scope_text(answer: CannedAnswer) -> str:
    if answer.owner_id is not None:
        return gettext("Only for me")
    return gettext("For the team") if answer.group is None else _group_text(answer.group.name)


def _group_text(name: str) -> str:
    return gettext("For the group %(name)s") % {"name": isolate(name)}


def _uses_text(answer: CannedAnswer) -> str:
    if not answer.uses:
        return gettext("not used yet")
    return ngettext("used %(count)s time", "used %(count)s times", answer.uses) % {"count": answer.uses}
