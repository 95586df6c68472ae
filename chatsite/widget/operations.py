"""Every change of a widget. Each operation is one transaction. Callers check permissions with `access`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatsite.errors import not_found
from chatsite.identity.operations import end_user_sessions
from chatsite.struct_schema import documented
from chatsite.widget.appearance import clean_accent, clean_display_text
from chatsite.widget.models import ExternalIdentity, SigningSecret, WidgetSite
from chatsite.widget.origins import clean_origins
from conversations.models import Business

TITLE_LENGTH: Final = 60
GREETING_LENGTH: Final = 300
QUESTION_LENGTH: Final = 200
LIVE_SECRETS: Final = 2  # the newest, and the previous one until the host's server uses the newest

UNSET: Final = msgspec.UNSET
Unset = msgspec.UnsetType


class WidgetSettings(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """The settings of a widget. An unset field keeps its value."""

    example: ClassVar[Mapping[str, Any]] = {
        "origins": ["https://shop.example"],
        "greeting": "How can we help?",
        "accent": "#0f766e",
    }

    enabled: bool | Unset = UNSET
    origins: Annotated[list[str], documented(maxItems="widget_origins")] | Unset = UNSET
    guests_allowed: bool | Unset = UNSET
    title: Annotated[str, documented(maxLength=TITLE_LENGTH)] | Unset = UNSET
    greeting: Annotated[str, documented(maxLength=GREETING_LENGTH)] | Unset = UNSET
    accent: Annotated[str, documented(pattern="^(#[0-9A-Fa-f]{6})?$")] | Unset = UNSET
    asks_first: bool | Unset = UNSET
    form_question: Annotated[str, documented(maxLength=QUESTION_LENGTH)] | Unset = UNSET


@transaction.atomic
def create_site(*, business: Business, chosen: WidgetSettings) -> tuple[WidgetSite, bool]:
    """Return the business's widget and whether it is new. A new widget gets a first secret."""
    try:
        with transaction.atomic():
            site, created = WidgetSite.objects.get_or_create(business=business, defaults=_cleaned(chosen))
    except IntegrityError:  # another request created it at the same time
        site, created = WidgetSite.objects.get(business=business), False
    if created:
        _new_secret(site)
    return site, created


@transaction.atomic
def change_site(*, site_id: UUID, chosen: WidgetSettings) -> WidgetSite:
    """Change the settings. Pages that show the widget get them when they load it again."""
    site = _lock(site_id)
    changed = _cleaned(chosen)
    for name, value in changed.items():
        setattr(site, name, value)
    site.updated_at = timezone.now()
    site.save(update_fields=[*changed, "updated_at"])
    return site


def check_settings(chosen: WidgetSettings) -> None:
    """Raise the errors that `change_site` would raise."""
    _cleaned(chosen)


def _cleaned(chosen: WidgetSettings) -> dict[str, bool | str | list[str]]:
    values: dict[str, bool | str | list[str]] = {}
    for name in ("enabled", "guests_allowed", "asks_first"):
        flag = getattr(chosen, name)
        if flag is not UNSET:
            values[name] = flag
    if chosen.form_question is not UNSET:
        values["form_question"] = clean_display_text(
            chosen.form_question, field="formQuestion", limit=QUESTION_LENGTH
        )
    if chosen.origins is not UNSET:
        values["origins"] = clean_origins(chosen.origins)
    if chosen.title is not UNSET:
        values["title"] = clean_display_text(chosen.title, field="title", limit=TITLE_LENGTH)
    if chosen.greeting is not UNSET:
        values["greeting"] = clean_display_text(
            chosen.greeting, field="greeting", limit=GREETING_LENGTH, lines=True
        )
    if chosen.accent is not UNSET:
        values["accent"] = clean_accent(chosen.accent)
    return values


# --- Secrets ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def rotate_secret(*, site_id: UUID) -> SigningSecret:
    """Create a secret. The previous secret stays valid; older ones are deleted."""
    site = _lock(site_id)
    secret = _new_secret(site)
    older = list(site.secrets.order_by("-id").values_list("pk", flat=True)[LIVE_SECRETS:])
    site.secrets.filter(pk__in=older).delete()
    return secret


@transaction.atomic
def revoke_secret(*, site_id: UUID, secret_id: UUID) -> None:
    """Delete a secret. Without any secret no visitor can sign in. Raise `not_found` if it does not exist."""
    deleted, _ = _lock(site_id).secrets.filter(pk=secret_id).delete()
    if not deleted:
        raise not_found("secret")


def _new_secret(site: WidgetSite) -> SigningSecret:
    # The prefix lets secret scanners recognise a leaked secret.
    return SigningSecret.objects.create(site=site, value=f"wsec_{secrets.token_urlsafe(32)}")


# --- Visitors ---------------------------------------------------------------------------------------------------------


def sign_out_visitors(*, site_id: UUID) -> int:
    """End every login of the widget's visitors and close their sockets. Return the number of visitors.

    Use this after a secret has leaked. Each visitor is a transaction of its own, so that locks are short.
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
