"""The first steps of a new business: what is done, and what comes next. Only owners see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from conversations.models import Business, BusinessHours, CannedAnswer, Conversation, Membership
from notifications.models import Invitation


@dataclass(frozen=True)
class Step:
    """A step, by its name. `route` and `anchor` are where it is done; without a route it happens by itself.

    `is_done` returns the condition for a business, given as a reference to its key. One query asks for all steps.
    """

    name: str
    title: str | Promise
    text: str | Promise
    is_done: Callable[[OuterRef], Q | Exists]
    route: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class ShownStep:
    title: str | Promise
    text: str | Promise
    address: str
    is_done: bool
    is_next: bool


@dataclass(frozen=True)
class SetupList:
    business: Business
    steps: list[ShownStep]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)


def _has_colleague(business: OuterRef) -> Q:
    people = Membership.objects.filter(business_id=business, is_bot=False).order_by("pk")
    return Q(Exists(people[1:2])) | Q(Exists(Invitation.objects.filter(business_id=business)))


def _has_hours(business: OuterRef) -> Exists:
    return Exists(BusinessHours.objects.filter(business_id=business))


def _has_answer(business: OuterRef) -> Exists:
    return Exists(CannedAnswer.objects.filter(business_id=business))


def _has_conversation(business: OuterRef) -> Exists:
    return Exists(Conversation.objects.filter(business_id=business, last_seq__gt=0))


# In the order in which the list shows them. An app that stands above the page adds its own in `AppConfig.ready`.
steps: Final[list[Step]] = [
    Step(
        "colleague",
        _("Invite a colleague"),
        _("Share the inbox with your colleagues."),
        _has_colleague,
        "web:team-members",
    ),
    Step(
        "hours",
        _("Set your business hours"),
        _("Customers see when you are open."),
        _has_hours,
        "web:team-settings",
        "#hours",
    ),
    Step(
        "answer",
        _("Write a canned answer"),
        _("Type / in a conversation to insert texts that you use often."),
        _has_answer,
        "web:team-settings",
        "#answers",
    ),
    Step(
        "conversation",
        _("Receive your first message"),
        _("It appears in the inbox by itself."),
        _has_conversation,
    ),
]


def setup_list(businesses: list[dict[str, Any]]) -> SetupList | None:
    """Return the list of the first of these businesses that the user owns and that has steps left, if any."""
    owned = [row["id"] for row in businesses if row["role"] == Membership.Role.OWNER]
    if not owned:
        return None
    done = {
        f"done_{step.name}": ExpressionWrapper(Q(step.is_done(OuterRef("pk"))), BooleanField())
        for step in steps
    }
    rows = Business.objects.filter(pk__in=owned, setup_hidden=False).annotate(**done)
    for business in rows.order_by("pk")[:1]:
        shown = _shown(business)
        if not all(step.is_done for step in shown):
            return SetupList(business, shown)
    return None


def _shown(business: Business) -> list[ShownStep]:
    found: list[ShownStep] = []
    for step in steps:
        is_done = bool(getattr(business, f"done_{step.name}"))
        is_next = not is_done and not any(each.is_next for each in found)
        address = reverse(step.route, args=[business.pk]) + step.anchor if step.route else ""
        found.append(ShownStep(step.title, step.text, address, is_done, is_next))
    return found
