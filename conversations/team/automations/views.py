"""REST viewset of automatic answers. `docs/business-hours.md` describes them."""

from __future__ import annotations

from conversations.models import Automations
from conversations.team.automations import operations
from conversations.team.settings_views import BusinessSettingsViewSet, SettingsOperations


class AutomationsViewSet(BusinessSettingsViewSet):
    """The automatic answers of a business, by the id of the business. Members read them, and owners set them."""

    queryset = Automations.objects.none()
    bodies = {"default": operations.AutomationsObject}
    settings_operations = SettingsOperations(
        read=operations.read_automations, replace=operations.set_automations
    )
