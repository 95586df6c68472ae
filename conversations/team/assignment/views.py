"""REST viewset of automatic assignment. `docs/team-inbox.md` describes it."""

from __future__ import annotations

from conversations.models import AssignmentRule
from conversations.team.assignment import rules
from conversations.team.settings_views import BusinessSettingsViewSet, SettingsOperations


class AssignmentViewSet(BusinessSettingsViewSet):
    """How a business assigns conversations, by the id of the business. Members read it, and owners set it.

    A new rule applies to conversations that wait already, too.
    """

    queryset = AssignmentRule.objects.none()
    bodies = {"default": rules.AssignmentObject}
    settings_operations = SettingsOperations(read=rules.read_assignment, replace=rules.set_assignment)
