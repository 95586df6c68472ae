"""The saved views above the list: where each leads, and which of them is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from chatsite.web.inbox import Filters, Inbox
from conversations.team.filters import NAMES
from conversations.team.saved_views.queries import views_of_member
from conversations.team.saved_views.serializers import SavedViewObject


@dataclass(frozen=True)
class SavedLink:
    """A view as a link of the page, with the wire object for the scripts."""

    name: str
    address: str
    current: bool
    view: dict[str, Any]


def saved_links(user_id: Any, inbox: Inbox) -> list[SavedLink]:
    links = []
    for view in views_of_member(user_id):
        filters = _filters_of(view, with_business=inbox.has_many)
        wire = msgspec.to_builtins(view)
        links.append(SavedLink(view.name, filters.address(), filters == inbox.filters, wire))
    return links


def _filters_of(view: SavedViewObject, *, with_business: bool) -> Filters:
    """Return the filters as the page has them. `saved_views.js` has the same rule."""
    chosen = view.filters
    return Filters(
        shown="archived" if chosen.archived else "unread" if chosen.unread else "all",
        business_id=str(view.business_id) if with_business else "",
        search=chosen.search,
        team={name: value for name in NAMES if (value := getattr(chosen, name))},
    )
