"""The wire objects of the customer panel. Customers get none of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from conversations.serializers import PersonObject, WireObject
from conversations.team.serializers import LabelObject

OfferStatus = Literal["pending", "accepted", "declined", "withdrawn", "expired"]


class PastEpisodeObject(WireObject, kw_only=True):
    """An episode that was resolved. `agentName` is the name of who had it, and `score` the customer's rating."""

    example = {"comment": "Thank you!", "score": 5}

    id: UUID
    opened_at: datetime | None
    resolved_at: datetime
    agent_id: str | None
    agent_name: str | None
    label_ids: list[UUID]
    customer_messages: int
    score: int | None
    comment: str


class PanelOfferObject(WireObject, kw_only=True):
    """An offer in the conversation. `amount` is a decimal number as text."""

    example = {"title": "Inspection", "status": "pending"}

    id: UUID
    title: str
    amount: str
    currency: str
    status: OfferStatus
    created_at: datetime


class VisitedPageObject(WireObject, kw_only=True):
    """The page of the business's site on which the customer last opened the widget, without its query."""

    url: str
    title: str
    seen_at: datetime


class AttributeObject(WireObject, kw_only=True):
    """Something that the host's signed token says of the customer, or an answer to the form before the chat."""

    example = {"name": "Plan", "value": "Gold"}

    name: str
    value: str


class CustomerPanelObject(WireObject, kw_only=True):
    """What the business knows of a customer. `externalId` is the customer's id on the business's own site.

    `episodes` are the latest ones, newest first, and `episodeCount` is the number of all.
    """

    conversation_id: UUID
    customer: PersonObject
    email: str | None
    external_id: str | None = None
    customer_since: datetime
    labels: list[LabelObject]
    episodes: list[PastEpisodeObject]
    episode_count: int
    offers: list[PanelOfferObject] = []
    page: VisitedPageObject | None = None
    attributes: list[AttributeObject] = []
    answers: list[AttributeObject] = []


class HostRowObject(WireObject, kw_only=True):
    """A row of a host project's panel. `url` is an http address or a path on this site, or null."""

    example = {"label": "Last order", "value": "A-1042"}

    label: str
    value: str
    url: str | None


class HostPanelObject(WireObject, kw_only=True):
    """A panel of the host project. `failed` is true if its function gave no answer."""

    example = {"panel": "shop.panels.orders", "title": "Orders"}

    panel: str
    title: str
    failed: bool
    rows: list[HostRowObject]


class HostPanelsObject(WireObject, kw_only=True):
    """The host project's panels, in the order of `CHAT_CUSTOMER_PANELS`."""

    conversation_id: UUID
    panels: list[HostPanelObject]
