"""What a user sees of themselves at `/auth/me`. Apps add sections of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chatsite.identity.names import display_name, email_field

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# By name on the wire; an app fills in its own in `AppConfig.ready`. The value is anything that encodes as JSON.
me_sections: Final[dict[str, Callable[[User], Any]]] = {}


class Profile(msgspec.Struct, rename="camel"):
    id: str
    username: str
    name: str  # the name that others read
    email: str
    is_staff: bool


def profile_of(user: User) -> dict[str, Any]:
    """`{id, username, name, email, isStaff}` and the apps' sections."""
    profile = Profile(
        id=str(user.pk),
        username=user.get_username(),
        name=display_name(user),
        email=getattr(user, email_field() or "", "") or "",
        is_staff=user.is_staff,
    )
    sections = {name: section(user) for name, section in me_sections.items()}
    return {**msgspec.to_builtins(profile), **sections}
