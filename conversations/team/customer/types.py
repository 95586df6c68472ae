"""What a panel function of the host project gets and returns. `docs/customer-panel.md` describes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CustomerPanelRequest:
    """A member looks at a conversation. `customer` and `member` are users.

    `external_id` is the `sub` of the host's token, for customers who came through the widget with one.
    """

    conversation_id: UUID
    business_id: UUID
    business_slug: str
    customer: Any
    member: Any
    external_id: str | None


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A line of a panel. `url` makes the value a link: an http address, or a path on this site."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CustomerPanel:
    title: str
    rows: Sequence[PanelRow]


# A panel function returns a panel, or None if it has nothing to show for this customer.
PanelFunction = Callable[[CustomerPanelRequest], CustomerPanel | None]
