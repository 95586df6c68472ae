"""The user's own data at `/auth/me`. Apps add their sections."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chatsite.identity.names import display_name, email_field

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Functions of other apps, by the name of the section on the wire. They return data that can be encoded as JSON. An app
# adds its own in `AppConfig.ready`.
me_sections: Final[dict[str, Callable[[User], Any]]] = {}


class Profile(msgspec.Struct, rename="camel"):
    id: str
    username: str
    name: str  # the name that others see
    email: str
    is_staff: bool


def profile_of(user: User) -> dict[str, Any]:
    """Return `{id, username, name, email, isStaff}` and the sections of the apps."""
    profile = Profile(
        id=str(user.pk),
        username=user.get_username(),
        name=display_name(user),
        email=getattr(user, email_field() or "", "") or "",
        is_staff=user.is_staff,
    )
    sections = {name: section(user) for name, section in me_sections.items()}
    return {**msgspec.to_builtins(profile), **sections}
