"""What a user sees of themselves at `/auth/me`. Apps add sections of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# By name on the wire; an app fills in its own in `AppConfig.ready`. The value is anything that encodes as JSON.
me_sections: Final[dict[str, Callable[[User], Any]]] = {}


class Profile(msgspec.Struct, rename="camel"):
    id: str
    username: str
    name: str  # the full name, or else the username
    email: str
    is_staff: bool


def profile_of(user: User) -> dict[str, Any]:
    """`{id, username, name, email, isStaff}` and the apps' sections."""
    profile = Profile(
        id=str(user.pk),
        username=user.get_username(),
        name=user.get_full_name() or user.get_username(),
        email=getattr(user, user.get_email_field_name(), "") or "",
        is_staff=user.is_staff,
    )
    sections = {name: section(user) for name, section in me_sections.items()}
    return {**msgspec.to_builtins(profile), **sections}
