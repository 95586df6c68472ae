"""The widget among the first steps of a new business."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from chatsite.web import setup_list
from chatsite.web.setup_list import Step
from chatsite.widget.models import WidgetSite


def _is_set_up(business: OuterRef) -> Exists:
    return Exists(WidgetSite.objects.filter(business_id=business).exclude(origins=[]))


setup_list.steps.insert(
    2,
    Step(
        "widget",
        _("Put the chat on your site"),
        _("Name your site and copy a line of code."),
        _is_set_up,
        "widget_pages:settings",
    ),
)
