"""Rules that a membership must pass, however it is written: by `save`, `bulk_create` or `update`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from django.db import models

from chatsite.errors import DomainError

# Each rule takes a user's key and a business's id, and raises `DomainError` if the user must not become a member. An
# app adds its own in `AppConfig.ready`.
member_rules: Final[list[Callable[[Any, UUID], None]]] = []

_OWN_FIELDS: Final = frozenset({"user", "user_id", "business", "business_id"})


def check_member(user_id: Any, business_id: UUID) -> None:
    """Raise the error of the first rule that refuses the membership."""
    for rule in member_rules:
        rule(user_id, business_id)


class MembershipQuerySet(models.QuerySet[Any]):
    """Apply the rules to the methods that write rows without calling `save`."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        memberships = list(objs)
        for membership in memberships:
            check_member(membership.user_id, membership.business_id)
        return super().bulk_create(memberships, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """Update columns. `bulk_update` calls this too."""
        if _OWN_FIELDS & kwargs.keys():
            raise DomainError("conflict", "A membership cannot move to another person or business.")
        return super().update(**kwargs)
