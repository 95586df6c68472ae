"""The panels of the host project: functions of `CHAT_CUSTOMER_PANELS`, whose texts are shown as texts."""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model

from conversations.access import UserId
from conversations.host_functions import FunctionFailed, HostFunctions
from conversations.models import Conversation
from conversations.team.access import member_conversation
from conversations.team.customer.panel import sources
from conversations.team.customer.serializers import HostPanelObject, HostPanelsObject, HostRowObject
from conversations.team.customer.types import CustomerPanel, CustomerPanelRequest, PanelRow
from conversations.validation import storable

logger = logging.getLogger(__name__)

MOST_CALLS: Final = 4  # at once in one process. One that hangs holds its place until it ends
MOST_ROWS: Final = 30
LABEL_LENGTH: Final = 80  # of titles too
VALUE_LENGTH: Final = 500
# An http address, or a path. `//host` would lead to another site, and a browser reads a backslash as a slash.
_URL: Final = re.compile(r"(https?://|/(?![/\\]))[^\s\\]{0,1990}")

_panels: Final = HostFunctions("customer panel", MOST_CALLS)


def host_panels(*, user_id: UserId, conversation_id: str) -> HostPanelsObject:
    """Return the host project's panels to a member. One that fails is marked, and the others still show."""
    conversation = member_conversation(user_id, conversation_id)
    if not settings.CHAT_CUSTOMER_PANELS:
        return HostPanelsObject(conversation_id=conversation.pk, panels=[])
    request = _request(user_id, conversation)
    panels = [_panel(path, request) for path in settings.CHAT_CUSTOMER_PANELS]
    shown = [panel for panel in panels if panel is not None]
    return HostPanelsObject(conversation_id=conversation.pk, panels=shown)


def _request(user_id: UserId, conversation: Conversation) -> CustomerPanelRequest:
    known: dict[str, Any] = {}
    for source in sources:
        known |= source(conversation)
    return CustomerPanelRequest(
        conversation_id=conversation.pk,
        business_id=conversation.business_id,
        business_slug=conversation.business.slug,
        customer=conversation.customer,
        member=get_user_model()._default_manager.get(pk=user_id),
        external_id=known.get("external_id"),
    )


def _panel(path: str, request: CustomerPanelRequest) -> HostPanelObject | None:
    name = path.rpartition(".")[2]
    try:
        found = _panels.call(path, request, seconds=settings.CHAT_CUSTOMER_PANEL_SECONDS, check=_checked)
    except FunctionFailed as failure:
        logger.warning(
            "the customer panel %s gave no answer: %s", path, failure.outcome, exc_info=failure.__cause__
        )
        return HostPanelObject(panel=name, title=name, failed=True, rows=[])
    if found is None:
        return None
    rows = [HostRowObject(label=row.label, value=row.value, url=row.url or None) for row in found.rows]
    return HostPanelObject(panel=name, title=found.title, failed=False, rows=rows)


def _checked(panel: Any) -> CustomerPanel | None:
    """Raise `TypeError` or `ValueError` unless this is a panel that can be shown."""
    if panel is None:
        return None
    if not isinstance(panel, CustomerPanel):
        raise TypeError("A panel function must return a CustomerPanel or None.")
    rows = list(panel.rows)[:MOST_ROWS]
    _check_text(panel.title, LABEL_LENGTH)
    for row in rows:
        if not isinstance(row, PanelRow):
            raise TypeError("The rows of a panel must be PanelRow objects.")
        _check_text(row.label, LABEL_LENGTH)
        _check_text(row.value, VALUE_LENGTH)
        if row.url and _URL.fullmatch(row.url) is None:
            raise ValueError("The url of a row must be an http address or a path on this site.")
    return CustomerPanel(panel.title, rows)


def _check_text(text: Any, limit: int) -> None:
    if not isinstance(text, str) or not text.strip() or len(text) > limit or not storable(text):
        raise ValueError(f"A text of a panel is empty or longer than {limit} characters.")
