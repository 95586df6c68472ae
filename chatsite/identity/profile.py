"""The user's own data at `/auth/me`. Apps add their sections."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from chatsite.identity.names import display_name, email_field

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Section:
    """What an app adds: a function that returns the data, and the type of the data, for OpenAPI."""

    type: Any
    read: Callable[[User], Any]


# The sections of other apps, by their names on the wire. An app adds its own in `AppConfig.ready`.
me_sections: Final[dict[str, Section]] = {}


class Profile(msgspec.Struct, rename="camel"):
    id: str
    username: str
    name: str  # the name that others see
    email: str
    is_staff: bool


def whole_profile() -> type[msgspec.Struct]:
    """Return the struct of the profile with the sections of all apps."""
    return _with_sections(tuple((name, section.type) for name, section in me_sections.items()))


@functools.cache
def _with_sections(sections: tuple[tuple[str, Any], ...]) -> type[msgspec.Struct]:
    return msgspec.defstruct("Profile", sections, bases=(Profile,), rename="camel", kw_only=True)


def profile_of(user: User) -> dict[str, Any]:
    """Return `{id, username, name, email, isStaff}` and the sections of the apps."""
    profile = Profile(
        id=str(user.pk),
        username=user.get_username(),
        name=display_name(user),
        email=getattr(user, email_field() or "", "") or "",
        is_staff=user.is_staff,
    )
    sections = {name: section.read(user) for name, section in me_sections.items()}
    return {**msgspec.to_builtins(profile), **sections}
