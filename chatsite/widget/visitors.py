"""What a business knows of a visitor besides the name: attributes, answers to its form, and the page of the visit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils import timezone

from chatsite.errors import DomainError, invalid, not_found
from chatsite.widget.appearance import clean_display_text
from chatsite.widget.models import ExternalIdentity
from chatsite.widget.origins import clean_origin, covers
from conversations.access import UserId
from conversations.models import Conversation
from conversations.team.customer.panel import sources
from conversations.team.customer.serializers import AttributeObject, VisitedPageObject

ANSWER_LENGTH: Final = 1_000
URL_LENGTH: Final = 500
TITLE_LENGTH: Final = 200
BAD_PAGE: Final = "url must be the address of a page that shows the widget."


def keep_attributes(user: Any, lines: list[list[str]]) -> None:
    """Replace the attributes of a visitor."""
    ExternalIdentity.objects.filter(user=user).update(attributes=lines)


def keep_answer(user: Any, question: str, answer: str) -> None:
    """Keep a guest's answer to the form. A later answer replaces it."""
    ExternalIdentity.objects.filter(user=user).update(answers=[[question, answer]])


def find_visitor(user_id: UserId) -> ExternalIdentity:
    """Return the identity of a visitor, or raise `not_found` for everybody who came by another way."""
    found = ExternalIdentity.objects.select_related("site").filter(user_id=user_id).first()
    if found is None or not found.site.enabled:
        raise not_found("widget")
    return found


def note_page(*, visitor: ExternalIdentity, url: str, title: str, origins: Sequence[str]) -> None:
    """Keep the page on which the visitor has opened the widget.

    Members follow this link, so it must be a page of one of `origins`. Its query and its fragment may hold secrets of
    the business's site, and are dropped.
    """
    visitor.page_url = _clean_page(url, origins)
    title = title[: 4 * TITLE_LENGTH]
    visitor.page_title = clean_display_text(title, field="title", limit=4 * TITLE_LENGTH)[:TITLE_LENGTH]
    visitor.page_seen_at = timezone.now()
    visitor.save(update_fields=["page_url", "page_title", "page_seen_at"])


def _clean_page(url: str, origins: Sequence[str]) -> str:
    try:
        parts = urlsplit(url)
        origin = clean_origin(f"{parts.scheme}://{parts.netloc}")
    except (ValueError, DomainError) as error:
        raise invalid(BAD_PAGE, field="url") from error
    if "*" in origin or not any(covers(pattern, origin) for pattern in origins):
        raise invalid(BAD_PAGE, field="url")
    page = origin + (parts.path or "/")
    if len(page) > URL_LENGTH or not page.isprintable() or "\\" in page or " " in page:
        raise invalid(BAD_PAGE, field="url")
    return page


def panel_fields(conversation: Conversation) -> dict[str, Any]:
    """Return what the panel of the customer shows of a visitor of the business's widget."""
    rows = ExternalIdentity.objects.filter(
        user_id=conversation.customer_id, site__business_id=conversation.business_id
    )
    visitor = rows.first()
    if visitor is None:
        return {}
    page = None
    if visitor.page_seen_at is not None:
        page = VisitedPageObject(url=visitor.page_url, title=visitor.page_title, seen_at=visitor.page_seen_at)
    is_signed = visitor.kind == ExternalIdentity.Kind.SIGNED
    return {
        "external_id": visitor.subject if is_signed else None,  # that of a guest is the hash of its key
        "page": page,
        "attributes": [AttributeObject(name=name, value=value) for name, value in visitor.attributes or []],
        "answers": [AttributeObject(name=name, value=value) for name, value in visitor.answers or []],
    }


sources.append(panel_fields)
