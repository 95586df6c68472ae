"""The names of users: the login name, the name that others see, and the fields to search and to erase.

The user model of a host project may have no `username` and no first and last name. Only this module knows the fields of
the user model. `CHAT_NAME_FIELDS` sets fields with unusual names.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.signals import setting_changed
from django.db.models import EmailField, Field
from django.urls import NoReverseMatch, reverse

USUAL_NAMES: Final = (("first_name", "last_name"), ("name",), ("full_name",), ("display_name",))


@cache
def name_fields() -> tuple[str, ...]:
    """Return the fields that together are a person's name. Empty if the model has none."""
    chosen = tuple(settings.CHAT_NAME_FIELDS)
    if chosen:
        return chosen
    known = set(_fields())
    return next((names for names in USUAL_NAMES if known.issuperset(names)), ())


def email_field() -> str | None:
    name = get_user_model().get_email_field_name()
    return name if name in _fields() else None


def email_of(user: Any) -> str:
    """Return the user's e-mail address, or "". Addresses at `.invalid` are those of guests and of erased people."""
    address = str(getattr(user, email_field() or "", "") or "")
    return "" if address.endswith(".invalid") or "@" not in address else address


def display_name(user: Any) -> str:
    """Return the name that others see. Without one, it is the username, or the part before the `@` of an address."""
    if settings.CHAT_NAME_FIELDS or not hasattr(user, "get_full_name"):
        name = " ".join(filter(None, (getattr(user, field) for field in name_fields()))).strip()
    else:
        name = user.get_full_name()
    login = str(user.get_username())
    return name or (login.partition("@")[0] if signs_in_by_email() else login)


def public_username(user: Any) -> str:
    """Return the username that others see. If the username is an e-mail address, return the id instead."""
    return str(user.pk) if signs_in_by_email() else str(user.get_username())


def search_fields(*, path: str = "") -> tuple[str, ...]:
    """Return the lookups of the login name and the names, for a model with a relation `path` to the user."""
    start = f"{path}__" if path else ""
    return tuple(f"{start}{name}" for name in (get_user_model().USERNAME_FIELD, *name_fields()))


def login_lookup(path: str) -> str:
    """Return the lookup of the login name, for a model with a relation `path` to the user."""
    return f"{path}__{get_user_model().USERNAME_FIELD}"


@cache
def signs_in_by_email() -> bool:
    login = get_user_model().USERNAME_FIELD
    return login == email_field() or isinstance(_fields()[login], EmailField)


def is_email_free() -> bool:
    """Return whether several accounts may have the same address, so that another system may set it."""
    address = email_field()
    return address is not None and not signs_in_by_email() and not _fields()[address].unique


def unused_login_name(start: str) -> str:
    """Return a login name that nobody can have chosen. If it must be an address, return one that gets no mail."""
    return f"{start}@account.invalid" if signs_in_by_email() else start


def new_names(name: str) -> dict[str, str]:
    """Return the values of the name fields for a name that is one text."""
    first, *others = name_fields() or (None,)
    values = {} if first is None else {first: name[: _length(first)]}
    return values | {field: "" for field in others if field is not None}


def erased_names(login: str) -> dict[str, Any]:
    """Return the values that replace the names and the address of an erased person."""
    model = get_user_model()
    names: dict[str, Any] = {model.USERNAME_FIELD: unused_login_name(login)}
    address = email_field()
    if address is not None and address != model.USERNAME_FIELD:
        column = _fields()[address]
        names[address] = f"{login}@account.invalid" if column.unique else None if column.null else ""
    shown = ("Erased", "user") if len(name_fields()) == 2 else ("Erased user", *[""] * len(name_fields()))
    return names | dict(zip(name_fields(), shown, strict=False))


def user_page(key: Any) -> str:
    """Return the URL of the user's page in the admin, or "" if the project has none."""
    options = get_user_model()._meta
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[key])
    except NoReverseMatch:
        return ""


def _length(field: str) -> int | None:
    return getattr(_fields()[field], "max_length", None)


def _fields() -> dict[str, Field[Any, Any]]:
    return {field.name: field for field in get_user_model()._meta.concrete_fields}


def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"AUTH_USER_MODEL", "CHAT_NAME_FIELDS"}:
        name_fields.cache_clear()
        signs_in_by_email.cache_clear()


setting_changed.connect(_forget)
