"""Export and erase the identities by which host sites know a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from chatsite.widget.models import ExternalIdentity
from conversations.access import UserId
from conversations.moderation import erasure, exports


class IdentityLine(msgspec.Struct, rename="camel"):
    """A host site that knows the person, and the person's id there."""

    business_id: UUID
    kind: str
    subject: str
    attributes: list[list[str]]
    answers: list[list[str]]
    page: str
    created_at: datetime


def identity_lines(user_id: UserId) -> Iterator[IdentityLine]:
    for row in ExternalIdentity.objects.select_related("site").filter(user_id=user_id):
        yield IdentityLine(
            business_id=row.site.business_id,
            kind=row.kind,
            subject=row.subject,
            attributes=row.attributes or [],
            answers=row.answers or [],
            page=row.page_url,
            created_at=row.created_at,
        )


def forget_person(user_id: UserId) -> None:
    """Delete the person's identities. At the next visit to the host site the person gets a new account."""
    ExternalIdentity.objects.filter(user_id=user_id).delete()


exports.person_sections["widgetIdentity"] = identity_lines
erasure.forget_person.append(forget_person)
