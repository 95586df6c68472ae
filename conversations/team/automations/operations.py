"""Set the automatic answers of a business."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from django.db import transaction
from django.utils import timezone

from conversations.access import UserId, require_owner
from conversations.models import Automations, Business
from conversations.serializers import WireObject
from conversations.team.access import member_business
from conversations.team.canned.variables import check_variables
from conversations.validation import check_storable

VARIABLES: Final = ("business.name", "customer.firstName", "customer.name", "hours.nextOpening")
Text = Annotated[str, msgspec.Meta(max_length=1000)]


class AutomationsObject(WireObject, kw_only=True):
    """The texts of the automatic answers. An empty text turns its answer off."""

    example = {
        "welcome": "Hello {{customer.firstName|there}}, how can we help?",
        "away": "We are back at {{hours.nextOpening}}.",
    }

    welcome: Text = ""
    away: Text = ""


def read_automations(*, user_id: UserId, business_id: str) -> AutomationsObject:
    business = member_business(user_id, business_id)
    found = Automations.objects.filter(business=business).first()
    return AutomationsObject(welcome=found.welcome, away=found.away) if found else AutomationsObject()


@transaction.atomic
def set_automations(*, user_id: UserId, business_id: str, body: AutomationsObject) -> AutomationsObject:
    """Replace the texts. Only owners of the business can do this."""
    business = require_owner(user_id, business_id)
    for name in AutomationsObject.__struct_fields__:
        text = getattr(body, name)
        check_storable(text, field=name)
        check_variables(text, VARIABLES)
    clean = AutomationsObject(welcome=body.welcome.strip(), away=body.away.strip())
    Automations.objects.update_or_create(
        business=business,
        defaults={"welcome": clean.welcome, "away": clean.away, "updated_at": timezone.now()},
    )
    # Changes read this mark with the business. So a message to other businesses costs nothing more.
    Business.objects.filter(pk=business.pk).update(answers_automatically=bool(clean.welcome or clean.away))
    return clean
