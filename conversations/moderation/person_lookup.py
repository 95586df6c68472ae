"""Find the person that a management command is about."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model

from chatsite.errors import DomainError, not_found
from chatsite.identity.users import find_by_username
from conversations.access import UserId, user_key


def add_person_arguments(parser: ArgumentParser) -> None:
    """Add the arguments that identify a person. Exactly one of them must be given."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("person", nargs="?", help="username or id, if it identifies one person only")
    who.add_argument("--username", help="username, even if it looks like an id")
    who.add_argument("--id", help="id, even if somebody uses it as a username")


def find_person(options: dict[str, Any]) -> UserId:
    """Return the primary key of the person.

    Raise `not_found` if there is no such person, and `conflict` if the text is the username of one person and the id of
    another.
    """
    if options["username"] is not None:
        found = {_key_by_username(options["username"])}
    elif options["id"] is not None:
        found = {_key_by_id(options["id"])}
    else:
        found = {_key_by_username(options["person"]), _key_by_id(options["person"])}
    found.discard(None)
    if not found:
        raise not_found("user")
    if len(found) > 1:
        raise DomainError(
            "conflict",
            f"{options['person']!r} is the username of one person and the id of another. Use --username or --id.",
        )
    return found.pop()


def _key_by_username(name: str) -> UserId | None:
    user = find_by_username(name)
    return None if user is None else user.pk


def _key_by_id(raw: str) -> UserId | None:
    try:
        key = user_key(raw)
    except DomainError:
        return None
    return get_user_model()._default_manager.filter(pk=key).values_list("pk", flat=True).first()
