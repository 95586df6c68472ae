"""The webhooks of a business in the page: what the pages show, and what their forms do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from chatsite.errors import invalid, not_found
from conversations.access import object_key, require_owner
from notifications.webhooks import operations
from notifications.webhooks.event_types import EVERY_TYPE, names
from notifications.webhooks.models import Webhook
from notifications.webhooks.serializers import DeliveryObject, delivery_object

MOST_DELIVERIES: Final = 30  # on the page

# Apps of the host project declare more types, which appear by their names alone.
EVENTS: Final[Mapping[str, str | Promise]] = {
    "attachment.updated": _("A file was processed"),
    "contact.erased": _("A person was erased"),
    "conversation.created": _("A conversation began"),
    "conversation.pending": _("A conversation became pending"),
    "conversation.reopened": _("A conversation was opened again"),
    "conversation.resolved": _("A conversation was resolved"),
    "conversation.snoozed": _("A conversation was snoozed"),
    "message.created": _("A message was sent"),
    "message.deleted": _("A message was deleted"),
    "message.edited": _("A message was edited"),
    "messages.delivered": _("Messages were delivered"),
    "messages.read": _("Messages were read"),
    "reactions.updated": _("The reactions to a message changed"),
}
DISABLED: Final[Mapping[str, str | Promise]] = {
    "by_hand": _("Disabled"),
    "gone": _("Disabled, because it answered 410 Gone"),
    "unreachable": _("Disabled, because it accepted nothing for three days"),
}
STATES: Final[Mapping[str, str | Promise]] = {
    "": _("All"),
    "pending": _("Waiting"),
    "delivered": _("Delivered"),
    "failed": _("Failed"),
}


# --- What the pages show ----------------------------------------------------------------------------------------------


def endpoints_context(user_id: Any, business_id: str, typed: QueryDict | None = None) -> dict[str, Any]:
    """Return what the page of all endpoints shows. Raise `forbidden` for agents, and `not_found` for others."""
    business = require_owner(user_id, business_id)
    rows = operations.endpoints_of_business(user_id, business_id).order_by("-pk")
    return {
        "business": business,
        "heading": gettext("Webhooks"),
        "is_owner": True,
        "section": "webhooks",
        "endpoints": [(row, state_text(row)) for row in rows],
        **_entries(typed, None),
    }


def endpoint_context(
    user_id: Any, business_id: str, webhook_id: str, *, state: str = "", typed: QueryDict | None = None
) -> dict[str, Any]:
    """Return what the page of one endpoint shows. Raise `invalid` for an unknown `state` of deliveries."""
    endpoint = find_endpoint(user_id, business_id, webhook_id)
    rows = operations.deliveries_of(user_id, webhook_id, state=state or None).order_by("-pk")
    return {
        "business": endpoint.business,
        "heading": gettext("Webhook"),
        "back": reverse("web:team-webhooks", args=[endpoint.business_id]),
        "endpoint": endpoint,
        "state_text": state_text(endpoint),
        "states": STATES,
        "state": state,
        "zone": timezone.get_current_timezone_name(),
        "span": {name: typed.get(name, "") if typed else "" for name in ("from", "to")},
        "deliveries": [
            (row, _result(row), STATES[row.state]) for row in map(delivery_object, rows[:MOST_DELIVERIES])
        ],
        **_entries(typed if typed and typed.get("form") == "change" else None, endpoint),
    }


def find_endpoint(user_id: Any, business_id: str, webhook_id: str) -> Webhook:
    """Find an endpoint of this business. Raise `forbidden` for its agents, and `not_found` for others."""
    endpoint = operations.find_endpoint(user_id, webhook_id)
    if endpoint.business_id != object_key(business_id, "business"):
        raise not_found("webhook")
    return endpoint


def state_text(endpoint: Webhook) -> str:
    if not endpoint.enabled:
        return str(DISABLED.get(endpoint.disabled_reason, DISABLED["by_hand"]))
    return gettext("Its last attempt failed") if endpoint.failures else gettext("Active")


def _entries(typed: QueryDict | None, endpoint: Webhook | None) -> dict[str, Any]:
    """Return what the fields contain: what was typed, or what the endpoint has."""
    chosen = set(typed.getlist("events") if typed else endpoint.events if endpoint else [])
    source: Any = typed or (endpoint.__dict__ if endpoint else {})
    return {
        "entry": {name: source.get(name, "") for name in ("url", "description")},
        "every_type": (EVERY_TYPE, EVERY_TYPE in chosen),
        "events": [(name, EVENTS.get(name, ""), name in chosen) for name in names()],
    }


def _result(row: DeliveryObject) -> str:
    """Return what the last attempt of a delivery led to."""
    if "status" in row.answer:
        return gettext("Answer %(status)s") % {"status": row.answer["status"]}
    return row.error


# --- What the forms do ------------------------------------------------------------------------------------------------


def create_endpoint(user_id: Any, business_id: str, form: QueryDict) -> tuple[Webhook, str]:
    """Create an endpoint from `url`, `events` and `description`. Return it with its secret."""
    return operations.create_endpoint(user_id=user_id, business_id=business_id, **_fields(form))


def apply_form(user_id: Any, endpoint: Webhook, form: QueryDict) -> str:
    """Do what a form of the endpoint's page asks for, except a new secret. Return what to tell the owner."""
    action = FORMS.get(form.get("form", ""))
    if action is None:
        raise invalid("There is no such form.", field="form")
    return action(user_id, str(endpoint.pk), form)


def _fields(form: QueryDict) -> dict[str, Any]:
    return {
        "url": form.get("url", "").strip(),
        "types": form.getlist("events"),
        "description": form.get("description", "").strip(),
    }


def _change(user_id: Any, webhook_id: str, form: QueryDict) -> str:
    operations.change_endpoint(user_id=user_id, webhook_id=webhook_id, **_fields(form))
    return gettext("Saved.")


def _enable(user_id: Any, webhook_id: str, _form: QueryDict) -> str:
    operations.change_endpoint(user_id=user_id, webhook_id=webhook_id, enabled=True)
    return gettext("The webhook is active. Events that have waited are delivered now.")


def _disable(user_id: Any, webhook_id: str, _form: QueryDict) -> str:
    operations.change_endpoint(user_id=user_id, webhook_id=webhook_id, enabled=False)
    return gettext("The webhook is disabled. Nothing is sent to it.")


def _test(user_id: Any, webhook_id: str, _form: QueryDict) -> str:
    operations.send_test(user_id=user_id, webhook_id=webhook_id)
    return gettext("A test event is on its way. Reload the page to see the answer.")


def _replay(user_id: Any, webhook_id: str, form: QueryDict) -> str:
    operations.replay(user_id=user_id, webhook_id=webhook_id, delivery_id=form.get("delivery", ""))
    return gettext("The event is delivered again. Reload the page to see the answer.")


def _replay_span(user_id: Any, webhook_id: str, form: QueryDict) -> str:
    since = _time(form, "from")
    if since is None:
        raise invalid("from is required.", field="from")
    number = operations.replay(user_id=user_id, webhook_id=webhook_id, since=since, until=_time(form, "to"))
    return ngettext(
        "%(number)s event is delivered again.", "%(number)s events are delivered again.", number
    ) % {"number": number}


def _time(form: QueryDict, field: str) -> datetime | None:
    """Return the time of a field, as the page writes times. An empty one is None."""
    raw = form.get(field, "")
    if not raw:
        return None
    try:
        found = parse_datetime(raw)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise invalid(f"{field} must be a time such as 2026-01-31T09:00.", field=field)
    return timezone.make_aware(found)


FORMS: Final[Mapping[str, Callable[[Any, str, QueryDict], str]]] = {
    "change": _change,
    "enable": _enable,
    "disable": _disable,
    "test": _test,
    "replay": _replay,
    "replay-span": _replay_span,
}
