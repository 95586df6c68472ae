"""Accounts that another system vouches for: no password opens them, and they stay what a visitor is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db import transaction

from chatsite.errors import not_found
from chatsite.identity.users import user_key

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NAME_LENGTH = 150  # characters that the user model keeps of a name


@transaction.atomic
def open_account(*, name: str, email: str = "") -> User:
    """A new account whose password nobody can know, under a username that nobody chose."""
    return get_user_model()._default_manager.create_user(
        username=f"visitor-{uuid4().hex}", email=email, password=None, first_name=name[:NAME_LENGTH]
    )


@transaction.atomic
def keep_in_step(*, user_id: str, name: str, email: str) -> bool:
    """Take over what the other system says of the person; "" leaves what is there. Whether anything changed."""
    users = get_user_model()._default_manager.select_for_update(no_key=True, of=("self",))
    user = users.filter(pk=user_key(user_id)).first()
    if user is None:
        raise not_found("user")
    wanted = {"first_name": name[:NAME_LENGTH], "email": email}
    changed = {key: value for key, value in wanted.items() if value and getattr(user, key) != value}
    if "first_name" in changed and user.last_name:
        changed["last_name"] = ""
    if changed:
        for key, value in changed.items():
            setattr(user, key, value)
        user.save(update_fields=list(changed))
    return bool(changed)
