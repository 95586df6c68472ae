"""Choose the member who gets the next conversation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from conversations.access import UserId
from conversations.models import AssignmentRule, Membership, TeamGroup, TeamState

# Functions of other apps that return which of these ids of users are online. An app adds its own in `AppConfig.ready`.
online_sources: Final[list[Callable[[Collection[str]], set[str]]]] = []


@dataclass
class Candidates:
    """The members who are online, in the order in which they joined, and how many open conversations each has.

    Created under the lock of the rule. Bots are no candidates.
    """

    rule: AssignmentRule
    members: list[UserId]
    loads: Counter[UserId]
    groups: Mapping[UUID, set[UserId]]

    @classmethod
    def of(cls, rule: AssignmentRule) -> Candidates:
        rows = Membership.objects.filter(business_id=rule.business_id, is_bot=False).order_by("pk")
        people = {str(key): key for key in rows.values_list("user_id", flat=True)}
        online = {key for source in online_sources for key in source(list(people))}
        # Their memberships stay until the end of the transaction.
        locked = rows.select_for_update(no_key=True).filter(user_id__in=[people[key] for key in online])
        members = list(locked.values_list("user_id", flat=True))
        return cls(rule, members, _loads(rule.business_id, members), _groups(rule.business_id))

    @property
    def has_room(self) -> bool:
        return any(self.is_free(key) for key in self.members)

    def take(self, group_id: UUID | None) -> UserId | None:
        """Return who gets a conversation of this group, and count it. None if nobody is free."""
        members = self.groups.get(group_id, set()) if group_id else self.members
        free = [key for key in self._in_turn() if key in members and self.is_free(key)]
        if not free:
            return None
        is_least_loaded = self.rule.mode == AssignmentRule.Mode.LEAST_LOADED
        chosen = min(free, key=lambda key: self.loads[key]) if is_least_loaded else free[0]
        self.loads[chosen] += 1
        self.rule.last_assignee_id = chosen
        return chosen

    def is_free(self, key: UserId) -> bool:
        return self.rule.capacity is None or self.loads[key] < self.rule.capacity

    def _in_turn(self) -> list[UserId]:
        """Return the members from the one on who follows the last assignee, who may be offline now."""
        last = self.rule.last_assignee_id
        if last not in self.members:
            return self.members
        after = self.members.index(last) + 1
        return self.members[after:] + self.members[:after]


def _loads(business_id: UUID, members: Collection[UserId]) -> Counter[UserId]:
    rows = TeamState.objects.filter(
        business_id=business_id, status=TeamState.Status.OPEN, assignee_id__in=members
    )
    return Counter(rows.order_by().values_list("assignee_id", flat=True))


def _groups(business_id: UUID) -> dict[UUID, set[UserId]]:
    rows = TeamGroup.members.through.objects.filter(teamgroup__business_id=business_id)
    found: dict[UUID, set[UserId]] = {}
    for group_id, user_id in rows.values_list("teamgroup_id", "user_id"):
        found.setdefault(group_id, set()).add(user_id)
    return found
