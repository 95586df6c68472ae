"""The types of notifications. `notify` accepts only types declared here or by a project.

A project declares its own in the `ready` method of an AppConfig:

    types.declare(
        "order_shipped",
        label="Orders",
        title="Order {orderNumber} is on its way",
        action_url="/orders/{orderId}",
    )

A text is a template over the notification's `data`, or a function of it. Values in `action_url` are URL-quoted, so that
they cannot change the target. Arguments of `notify` override the type's texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chatsite.errors import invalid
from chatsite.identity.bidi import isolate
from notifications.money import TEXTS, amount_with_currency

Data: TypeAlias = Mapping[str, Any]
Text: TypeAlias = str | Callable[[Data], str]

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")


@dataclass(frozen=True, kw_only=True)
class NotificationType:
    """The texts of one type's notifications. `label` names the type in the filters of the page.

    Only members of a business get the types that are `for_members`.
    """

    name: str
    label: str | Promise
    title: Text
    body: Text
    action_url: Text
    for_members: bool = False

    def title_of(self, data: Data) -> str:
        return _rendered(self.title, data)

    def body_of(self, data: Data) -> str:
        return _rendered(self.body, data)

    def action_url_of(self, data: Data) -> str:
        if callable(self.action_url):
            return self.action_url(data)
        return _rendered(self.action_url, {key: quote(str(value), safe="") for key, value in data.items()})


_declared: Final[dict[str, NotificationType]] = {}


def declare(
    name: str,
    *,
    label: str | Promise = "",
    title: Text = "",
    body: Text = "",
    action_url: Text = "",
    for_members: bool = False,
) -> NotificationType:
    """Declare a type. Without a `title`, every call of `notify` must pass one. Each name is declared once."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a valid type name. Use at most 50 lowercase letters, digits and underscores."
        )
    if name in _declared:
        raise ValueError(f"The notification type {name!r} is already declared.")
    _declared[name] = NotificationType(
        name=name, label=label or name, title=title, body=body, action_url=action_url, for_members=for_members
    )
    return _declared[name]


def find(name: str) -> NotificationType:
    """Return the declared type. Raises `invalid`."""
    found = _declared.get(name)
    if found is None:
        raise invalid(f"Unknown notification type {name[:50]!r}.", field="type", known=sorted(_declared))
    return found


def names() -> list[str]:
    return sorted(_declared)


def labels(*, is_member: bool = True) -> dict[str, str]:
    """Return the label of each type that the user can get, in the order of their declarations."""
    shown = (declared for declared in _declared.values() if is_member or not declared.for_members)
    return {declared.name: str(declared.label) for declared in shown}


def _rendered(text: Text, data: Data) -> str:
    if callable(text):
        return text(data)
    try:
        return text.format_map(data)
    except KeyError as error:
        raise invalid(f"data must contain {error.args[0]!r}.", field="data") from error


# --- Built in ---------------------------------------------------------------------------------------------------------


def _invitation_title(data: Data) -> str:
    inviter, invitee = isolate(data["inviter"]["name"]), isolate(data["invitee"]["name"])
    business = isolate(data["businessName"])
    titles = {
        "pending": f"{inviter} invites you to join {business}",
        "accepted": f"{invitee} has joined {business}",
        "declined": f"{invitee} declined to join {business}",
        "revoked": f"The invitation to {business} was revoked",
        "expired": f"The invitation of {invitee} to {business} has expired",
    }
    return titles[data["status"]]


def _offer_title(data: Data) -> str:
    what = f"{isolate(data['title'])}, {amount_with_currency(data['amount'], data['currency'], TEXTS)}"
    business, customer = isolate(data["businessName"]), isolate(data["customerName"])
    titles = {
        "pending": f"Offer from {business}: {what}",
        "accepted": f"{customer} accepted your offer: {what}",
        "declined": f"{customer} declined your offer: {what}",
        "withdrawn": f"{business} withdrew an offer: {what}",
        "expired": f"An offer from {business} to {customer} has expired: {what}",
    }
    return titles[data["status"]]


TEAM_INVITATION: Final = declare(
    "team_invitation",
    label=_("Invitations"),
    title=_invitation_title,
    action_url="/team/invitations/{invitationId}",
)
OFFER: Final = declare("offer", label=_("Offers"), title=_offer_title, action_url="/offers/{offerId}")
SYSTEM: Final = declare("system", label=_("News"))
