"""Let a business contact the visitors of its widget."""

from __future__ import annotations

from uuid import UUID

from chatsite.widget.models import ExternalIdentity
from conversations import contacts
from conversations.access import UserId


def is_visitor(business_id: UUID, user_id: UserId) -> bool:
    found: bool = ExternalIdentity.objects.filter(site__business_id=business_id, user_id=user_id).exists()
    return found


contacts.ties.append(is_visitor)
