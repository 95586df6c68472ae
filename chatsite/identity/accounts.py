"""Accounts that another system vouches for: no password opens them, and they stay what a visitor is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db import transaction

from chatsite.errors import not_found
from chatsite.identity.names import email_field, is_email_free, name_fields, new_names, unused_login_name
from chatsite.identity.users import parse_user_key

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NAME_LENGTH = 150  # characters that the user model keeps of a name


@transaction.atomic
def open_account(*, name: str, email: str = "") -> User:
    """A new account whose password nobody can know, under a username that nobody chose."""
    model: Any = get_user_model()
    user: User = model(
        **{model.USERNAME_FIELD: unused_login_name(f"visitor-{uuid4().hex}"), **_told(name, email)}
    )
    user.set_unusable_password()
    user.save()
    return user


@transaction.atomic
def keep_in_step(*, user_id: str, name: str, email: str) -> bool:
    """Take over what the other system says of the person; "" leaves what is there. Whether anything changed."""
    users = get_user_model()._default_manager.select_for_update(no_key=True, of=("self",))
    user = users.filter(pk=parse_user_key(user_id)).first()
    if user is None:
        raise not_found("user")
    told = _told(name, email)
    changed = {field: value for field, value in told.items() if value and getattr(user, field) != value}
    if changed.keys() & set(name_fields()):
        changed |= {field: "" for field, value in told.items() if not value}
    if changed:
        for key, value in changed.items():
            setattr(user, key, value)
        user.save(update_fields=list(changed))
    return bool(changed)


def _told(name: str, email: str) -> dict[str, str]:
    """The values of the account's fields for what the other system says."""
    names = new_names(name[:NAME_LENGTH]) if name else {}
    return names | ({str(email_field()): email} if email and is_email_free() else {})
