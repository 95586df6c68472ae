"""Finding the person that somebody at the command line means."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from chatsite.errors import not_found
from conversations.access import UserId, user_key


def find_person(name_or_id: str) -> UserId:
    """The key of the user with this username, or else with this id; `not_found` otherwise."""
    users = get_user_model()._default_manager
    found = users.filter(username=name_or_id).first() or users.filter(pk=user_key(name_or_id)).first()
    if found is None:
        raise not_found("user")
    return found.pk
