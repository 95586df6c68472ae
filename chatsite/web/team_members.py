"""The members of a team and its invitations in the page: what the page shows, and what its forms do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import DomainError, invalid
from chatsite.identity.names import display_name
from chatsite.web.avatars import initials_of, tint_of
from chatsite.web.error_pages import text_of
from chatsite.web.integration_errors import Refusal
from conversations.models import Membership
from conversations.team import members
from conversations.team.access import find_membership
from notifications import invitations, mail_invitations, queries
from notifications.models import Invitation
from notifications.serializers import invitee_object

MOST_SHOWN: Final = 200  # members, and open invitations

ROLES: Final[Mapping[str, str | Promise]] = {"owner": _("Owner"), "agent": _("Agent")}
# What the page says about an error, by the form and the code.
REFUSED: Final[Mapping[tuple[str, str], str | Promise]] = {
    ("invite", "not_found"): _("No user has this username."),
    ("invite", "invalid"): _("Write the username of another person."),
    ("invite", "conflict"): _("This person is already a member, a customer, or invited."),
    ("invite_by_mail", "invalid"): _("This is no e-mail address."),
    ("invite_by_mail", "conflict"): _("This address is already invited, or has declined lately."),
    ("role", "conflict"): _("A business must have an owner."),
    ("remove", "conflict"): _("A business must have an owner."),
    ("revoke", "conflict"): _("The invitation has been answered already."),
}


@dataclass(frozen=True)
class Person:
    """A row of the page."""

    id: str
    name: str
    username: str
    initials: str
    tint: int
    role: str
    role_text: str | Promise
    is_bot: bool = False
    is_me: bool = False


def members_context(user: Any, business_id: str, typed: QueryDict | None = None) -> dict[str, Any]:
    """Return what the page shows. Raise `not_found` if the user is no member of the business."""
    membership = find_membership(user.pk, business_id)
    is_owner = membership.role == Membership.Role.OWNER
    rows = membership.business.memberships.select_related("user").order_by("pk")[:MOST_SHOWN]
    return {
        "business": membership.business,
        "is_owner": is_owner,
        "section": "members",
        "heading": gettext("Team members"),
        "members": [_person(row, user.pk) for row in rows],
        "invited": _open_invitations(user.pk, membership) if is_owner else [],
        "roles": ROLES,
        "takes_addresses": mail_invitations.takes_addresses(),
        "entry": {name: typed.get(name, "") if typed else "" for name in ("username", "role")},
    }


def _person(row: Membership, reader_id: Any) -> Person:
    name = display_name(row.user)
    return Person(
        id=str(row.user_id),
        name=name,
        username=row.user.get_username(),
        initials=initials_of(name),
        tint=tint_of(str(row.user_id)),
        role=row.role,
        role_text=ROLES[row.role],
        is_bot=row.is_bot,
        is_me=row.user_id == reader_id,
    )


def _open_invitations(user_id: Any, membership: Membership) -> list[tuple[Invitation, str, str | Promise]]:
    rows = queries.open_invitations_of(user_id, str(membership.business_id))
    return [(row, invitee_object(row).name, ROLES[row.role]) for row in rows[:MOST_SHOWN]]


def apply_form(user_id: Any, business_id: str, form: QueryDict) -> str:
    """Do what a form of the page asks for. Return what to tell the user."""
    action = FORMS.get(form.get("form", ""))
    if action is None:
        raise invalid("There is no such form.", field="form")
    return action(user_id, business_id, form)


def refusal_of(error: DomainError, form: str) -> Refusal:
    """Return what the page says: beside the user name of an invitation, or for the whole form."""
    by_mail = (error.details or {}).get("field") == "email"
    key = ("invite_by_mail" if by_mail else form, error.code)
    text = str(REFUSED.get(key) or text_of(error))
    if key in REFUSED and form == "invite":
        return Refusal(error.http_status, fields={"username": text})
    return Refusal(error.http_status, text)


def _invite(user_id: Any, business_id: str, form: QueryDict) -> str:
    """Invite a username, or an address where the site sends mails: nobody learns whose it is."""
    name, role = form.get("username", "").strip(), form.get("role", "")
    if "@" in name and mail_invitations.takes_addresses():
        by_mail = mail_invitations.invite_by_mail(
            inviter_id=user_id, business_id=business_id, email=name, role=role
        )
        return gettext("An e-mail is on its way to %(address)s.") % {"address": by_mail.email}
    invitation = invitations.invite(inviter_id=user_id, business_id=business_id, username=name, role=role)
    return gettext("%(name)s is invited.") % {"name": invitee_object(invitation).name}


def _revoke(user_id: Any, _business_id: str, form: QueryDict) -> str:
    invitations.revoke(user_id=user_id, invitation_id=form.get("id", ""))
    return gettext("The invitation was withdrawn.")


def _role(user_id: Any, business_id: str, form: QueryDict) -> str:
    role = form.get("role", "")
    if role not in ROLES:
        raise invalid("role must be owner or agent.", field="role")
    members.set_role(user_id=user_id, business_id=business_id, member_id=form.get("id", ""), role=role)
    return gettext("Saved.")


def _remove(user_id: Any, business_id: str, form: QueryDict) -> str:
    key = form.get("id", "")
    members.end_membership(user_id=user_id, business_id=business_id, member_id=key)
    return gettext("You have left the team.") if key == str(user_id) else gettext("The member was removed.")


FORMS: Final[Mapping[str, Callable[[Any, str, QueryDict], str]]] = {
    "invite": _invite,
    "revoke": _revoke,
    "role": _role,
    "remove": _remove,
}
