"""Find whom recent blocks have hidden, for sockets that may have missed being told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from conversations.access import UserId
from conversations.models import Block
from conversations.shared_conversations import Pair, visible_pairs


def hidden_since(moment: datetime, viewer_ids: Collection[UserId]) -> set[Pair]:
    """Return who of the viewers no longer sees whom because of a block since then. Runs two queries."""
    recent = Block.objects.filter(created_at__gte=moment).order_by()
    members = recent.filter(for_business=None, blocked_user__in=viewer_ids)
    teams = recent.filter(blocked_business__memberships__user__in=viewer_ids)
    customers = recent.filter(for_business__isnull=False, blocked_user__in=viewer_ids)
    rows = members.values_list("blocked_user", "user").union(
        teams.values_list("blocked_business__memberships__user", "user"),
        customers.values_list("blocked_user", "for_business__memberships__user"),
    )
    wanted = set(viewer_ids)
    found = {(viewer, seen) for viewer, seen in rows if viewer in wanted and seen is not None}
    visible = visible_pairs({viewer for viewer, _ in found}, {seen for _, seen in found})
    return {(str(viewer), str(seen)) for viewer, seen in found} - visible
