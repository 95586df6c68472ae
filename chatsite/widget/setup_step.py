"""The widget among the first steps of a new business."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chatsite.web import setup_list
from chatsite.web.setup_list import Step
from chatsite.widget.models import WidgetSite


def _is_set_up(business_id: UUID) -> bool:
    return WidgetSite.objects.filter(business_id=business_id).exclude(origins=[]).exists()


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
