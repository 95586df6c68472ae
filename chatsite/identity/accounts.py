"""Accounts of people whom another system has authenticated. They have no password."""

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

NAME_LENGTH = 150  # characters of a name that are stored


@transaction.atomic
def open_account(*, name: str, email: str = "") -> User:
    """Create an account with a generated username and without a usable password."""
    model: Any = get_user_model()
    user: User = model(
        **{model.USERNAME_FIELD: unused_login_name(f"visitor-{uuid4().hex}"), **_field_values(name, email)}
    )
    user.set_unusable_password()
    user.save()
    return user


@transaction.atomic
def update_account(*, user_id: str, name: str, email: str) -> bool:
    """Update the account with the other system's data. "" keeps the present value. Return whether anything changed."""
    users = get_user_model()._default_manager.select_for_update(no_key=True, of=("self",))
    user = users.filter(pk=parse_user_key(user_id)).first()
    if user is None:
        raise not_found("user")
    values = _field_values(name, email)
    changed = {field: value for field, value in values.items() if value and getattr(user, field) != value}
    if changed.keys() & set(name_fields()):
        changed |= {field: "" for field, value in values.items() if not value}
    if changed:
        for key, value in changed.items():
            setattr(user, key, value)
        user.save(update_fields=list(changed))
    return bool(changed)


def _field_values(name: str, email: str) -> dict[str, str]:
    """Return the values of the account's fields for a name and an e-mail address."""
    names = new_names(name[:NAME_LENGTH]) if name else {}
    return names | ({str(email_field()): email} if email and is_email_free() else {})
