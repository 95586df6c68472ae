"""Export and erase the canned answers of a person. Those of the business stay, without their author."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from conversations.models import CannedAnswer
from conversations.team.authored_gdpr import register_authored_rows


class CannedAnswerLine(msgspec.Struct, rename="camel"):
    business_id: UUID
    code: str
    text: str
    files: list[str]
    created_at: datetime


def canned_answer_line(row: CannedAnswer) -> CannedAnswerLine:
    names = [file.name for file in row.files.order_by("position")]
    return CannedAnswerLine(row.business_id, row.code, row.text, names, row.created_at)


register_authored_rows(CannedAnswer, section="cannedAnswer", line=canned_answer_line)
