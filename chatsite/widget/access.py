"""Find widgets that a user may see or change. Everything else is `not_found`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from chatsite.errors import not_found
from chatsite.widget.models import SigningSecret, WidgetSite
from conversations.access import UserId, object_key
from conversations.models import Business, Membership


def sites_of(user_id: UserId) -> QuerySet[WidgetSite]:
    """Return the widgets of the businesses that the user owns. Agents see no widgets."""
    owned = Membership.objects.filter(user_id=user_id, role=Membership.Role.OWNER).values("business_id")
    sites: QuerySet[WidgetSite] = WidgetSite.objects.filter(business_id__in=owned)
    return sites.select_related("business").prefetch_related("secrets").order_by("-id")


def find_site(user_id: UserId, raw_id: str | UUID) -> WidgetSite:
    site = sites_of(user_id).filter(pk=object_key(raw_id, "widget")).first()
    if site is None:
        raise not_found("widget")
    return site


def find_secret(site: WidgetSite, raw_id: str | UUID) -> SigningSecret:
    secret = site.secrets.filter(pk=object_key(raw_id, "secret")).first()
    if secret is None:
        raise not_found("secret")
    return secret


def find_owned_business(user_id: UserId, raw_id: str) -> Business:
    """Return a business that the user owns, or raise `not_found`. Agents do not own their business."""
    owned: Any = Business.objects.filter(
        memberships__user_id=user_id, memberships__role=Membership.Role.OWNER
    )
    business: Business | None = owned.filter(pk=object_key(raw_id, "business")).first()
    if business is None:
        raise not_found("business")
    return business


def find_enabled_site(slug: str) -> WidgetSite:
    """Return the enabled widget of a business, or raise `not_found`. A disabled widget looks like an unknown one."""
    sites = WidgetSite.objects.select_related("business").filter(business__slug=slug, enabled=True)
    site = sites.first() if "\x00" not in slug else None
    if site is None:
        raise not_found("widget")
    return site
