"""Every change of a business's widget: one door each, keyword-only, one transaction. Who may is checked in `access`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatsite.errors import not_found
from chatsite.identity.operations import end_user_sessions
from chatsite.widget.appearance import clean_accent, clean_text
from chatsite.widget.models import ExternalIdentity, SigningSecret, WidgetSite
from chatsite.widget.origins import clean_origins
from conversations.models import Business

TITLE_LENGTH: Final = 60
GREETING_LENGTH: Final = 300
LIVE_SECRETS: Final = 2  # the newest, and the one before it until the host's server has changed over

UNSET: Final = msgspec.UNSET
Unset = msgspec.UnsetType


class Settings(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """What may be set of a widget; what is left out stays as it is."""

    enabled: bool | Unset = UNSET
    origins: list[str] | Unset = UNSET
    guests_allowed: bool | Unset = UNSET
    title: str | Unset = UNSET
    greeting: str | Unset = UNSET
    accent: str | Unset = UNSET


@transaction.atomic
def create_site(*, business: Business, chosen: Settings) -> tuple[WidgetSite, bool]:
    """The business's widget, made with a first secret if there is none: `(site, created)`. One that is there stays."""
    try:
        with transaction.atomic():
            site, created = WidgetSite.objects.get_or_create(business=business, defaults=_cleaned(chosen))
    except IntegrityError:  # another request made it at the same moment
        site, created = WidgetSite.objects.get(business=business), False
    if created:
        _new_secret(site)
    return site, created


@transaction.atomic
def change_site(*, site_id: UUID, chosen: Settings) -> WidgetSite:
    """Set what was chosen. Pages that show the widget follow when they load it the next time."""
    site = _lock(site_id)
    changed = _cleaned(chosen)
    for name, value in changed.items():
        setattr(site, name, value)
    site.updated_at = timezone.now()
    site.save(update_fields=[*changed, "updated_at"])
    return site


def check_settings(chosen: Settings) -> None:
    """Raise what `change_site` would raise."""
    _cleaned(chosen)


def _cleaned(chosen: Settings) -> dict[str, bool | str | list[str]]:
    values: dict[str, bool | str | list[str]] = {}
    if chosen.enabled is not UNSET:
        values["enabled"] = chosen.enabled
    if chosen.guests_allowed is not UNSET:
        values["guests_allowed"] = chosen.guests_allowed
    if chosen.origins is not UNSET:
        values["origins"] = clean_origins(chosen.origins)
    if chosen.title is not UNSET:
        values["title"] = clean_text(chosen.title, field="title", limit=TITLE_LENGTH)
    if chosen.greeting is not UNSET:
        values["greeting"] = clean_text(chosen.greeting, field="greeting", limit=GREETING_LENGTH, lines=True)
    if chosen.accent is not UNSET:
        values["accent"] = clean_accent(chosen.accent)
    return values


# --- Secrets ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def rotate_secret(*, site_id: UUID) -> SigningSecret:
    """A new secret. The one before it goes on working, and any older one ends, so that two are live at most."""
    site = _lock(site_id)
    secret = _new_secret(site)
    older = list(site.secrets.order_by("-id").values_list("pk", flat=True)[LIVE_SECRETS:])
    site.secrets.filter(pk__in=older).delete()
    return secret


@transaction.atomic
def revoke_secret(*, site_id: UUID, secret_id: UUID) -> None:
    """End a secret at once. Without the last one nobody signs in until there is another. `not_found` if it is gone."""
    deleted, _ = _lock(site_id).secrets.filter(pk=secret_id).delete()
    if not deleted:
        raise not_found("secret")


def _new_secret(site: WidgetSite) -> SigningSecret:
    # A prefix, so that scanners for leaked secrets can tell what it is.
    return SigningSecret.objects.create(site=site, value=f"wsec_{secrets.token_urlsafe(32)}")


# --- Visitors ---------------------------------------------------------------------------------------------------------


def sign_out_visitors(*, site_id: UUID) -> int:
    """End every login of everybody who came through the widget, with their live sockets: how many people.

    For after a secret has leaked. One transaction for each person, so that nobody waits long for it.
    """
    people: Sequence[object] = list(
        ExternalIdentity.objects.filter(site_id=site_id).order_by("pk").values_list("user_id", flat=True)
    )
    for user_id in people:
        end_user_sessions(user_id=str(user_id))
    return len(people)


def _lock(site_id: UUID) -> WidgetSite:
    sites = WidgetSite.objects.select_for_update(no_key=True, of=("self",)).select_related("business")
    site = sites.filter(pk=site_id).first()
    if site is None:
        raise not_found("widget")
    return site
