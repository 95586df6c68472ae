"""Find users by username and by id, which is a string on the wire for every type of primary key."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.db.models.manager import BaseManager

from chatsite.database.pipeline import among, ask_among

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def parse_user_key(user_id: object) -> Any:
    """Return the primary key for an id on the wire, in a token or in a session. Return None if it cannot be one."""
    field = get_user_model()._meta.pk
    try:
        key = field.to_python(user_id)
        field.run_validators(key)  # a number out of range would be an error in a query
    except ValidationError:
        return None
    if isinstance(key, int) and not str(user_id).isascii():  # `int` reads the digits of every script
        return None
    return key


def normalize_username(name: str) -> str:
    """Return the name in the form under which accounts are stored and compared."""
    return get_user_model().normalize_username(name)


def find_by_username(name: str) -> Any | None:
    """Return the user with this name, or None.

    Like the login, this accepts every Unicode form of the name, and case matters.
    """
    model = get_user_model()
    normal = normalize_username(name)
    if "\x00" in normal or any(0xD800 <= ord(letter) <= 0xDFFF for letter in normal):
        return None
    return model._default_manager.filter(**{model.USERNAME_FIELD: normal}).first()


def ask_user(key: Any) -> Callable[[], User | None]:
    """Read a user with all columns, for a pipeline. The result is None if there is no such user."""
    model = get_user_model()
    if not _is_plain(model):
        user = model._default_manager.filter(pk=key).first()
        return lambda: user
    columns = _all_columns()
    rows = ask_among(_whole_rows, [] if key is None else [key])
    return lambda: next((model.from_db(connection.alias, columns, row) for row in rows()), None)


def _is_plain(model: type[Any]) -> bool:
    """Return whether a query of users can be compiled once and its rows taken as they are.

    A project's own fields may convert what they read, and its manager may select other users at each call.
    """
    own_manager = type(model._default_manager).get_queryset is not BaseManager.get_queryset
    return not own_manager and not any(
        hasattr(field, "from_db_value") for field in model._meta.concrete_fields
    )


def _whole_rows(keys: Collection[Any]) -> QuerySet[Any, Any]:
    model = get_user_model()
    rows = model._default_manager.filter(pk__in=among(model._meta.pk, keys))
    return rows.order_by().values_list(*_all_columns())


def _all_columns() -> tuple[str, ...]:
    return tuple(field.attname for field in get_user_model()._meta.concrete_fields)


def active_users(keys: Collection[Any]) -> dict[str, AbstractBaseUser]:
    """Return the active users by their id on the wire, with the columns for their session hash. Runs one query."""
    return ask_active_users(keys)()


def ask_active_users(keys: Collection[Any]) -> Callable[[], dict[str, AbstractBaseUser]]:
    """Like `active_users`, for a pipeline."""
    model = get_user_model()
    own_hash = model.get_session_auth_hash is not AbstractBaseUser.get_session_auth_hash
    if own_hash or not _is_plain(model):
        found = _active(keys)  # whole rows, because a project's own method may need any column
        return lambda: {str(user.pk): user for user in found}
    columns = _columns_of_hash()
    rows = ask_among(_rows_of_hash, keys)
    return lambda: {str(row[0]): model.from_db(connection.alias, columns, row) for row in rows()}


def _active(keys: Collection[Any]) -> QuerySet[Any]:
    model = get_user_model()
    return model._default_manager.filter(pk__in=among(model._meta.pk, keys), is_active=True).order_by()


def _rows_of_hash(keys: Collection[Any]) -> QuerySet[Any, Any]:
    return _active(keys).values_list(*_columns_of_hash())


def _columns_of_hash() -> tuple[str, str]:
    return get_user_model()._meta.pk.attname, "password"
