"""What the forms of the team's pages do with a refusal, and what they say about a wrong entry, beside its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chatsite.errors import DomainError
from chatsite.realtime.user_limit import charge
from chatsite.web.error_pages import text_of

Done = TypeVar("Done")

FIELDS: Final[Mapping[str, str | Promise]] = {
    "url": _("Write an address that begins with https:// and leads to a public network."),
    "events": _("Choose at least one event."),
    "description": _("This text contains a character that cannot be stored."),
    "name": _("The name contains a character that is not allowed."),
    "scopes": _("Choose at least one permission."),
    "from": _("Choose a day and a time."),
    "to": _("Choose a day and a time."),
    "expiresAt": _("Choose today or a later day."),
}


@dataclass(frozen=True)
class Refusal:
    """Why a form was refused: a text beside one field, or a text for the whole form."""

    status: int = 200
    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def attempt(
    user_id: Any, act: Callable[[], Done], refuse: Callable[[DomainError], Refusal], *, cost: float = 1.0
) -> tuple[Done | None, Refusal]:
    """Charge the user's limit and do what a form asks for. Return the result, or None and why it was refused."""
    try:
        charge(str(user_id), cost)
        return act(), Refusal()
    except DomainError as error:
        return None, refuse(error)


def refusal_of(error: DomainError, conflict: str | Promise) -> Refusal:
    """Return what the page says. `conflict` is its text for the error of that code."""
    name = str((error.details or {}).get("field", ""))
    if error.code == "conflict":
        return Refusal(error.http_status, str(conflict))
    if name in FIELDS:
        text = text_of(error) if error.code == "too_large" else str(FIELDS[name])
        return Refusal(error.http_status, fields={name: text})
    return Refusal(error.http_status, text_of(error))
