"""Remove a person's names from the log of Django's admin.

Each entry of that log stores the text of the object at that time, and the changes. So the username is in the entries
about the account, and in entries about rows that refer to it, such as memberships.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet

from chatsite.identity.names import display_name, email_field

ERASED: Final = "Erased user"
BATCH: Final = 500


def names_of(user: Any) -> set[str]:
    """Return all names that the log may have for the user, including earlier usernames."""
    names = {user.get_username(), display_name(user), str(user), getattr(user, email_field() or "", "") or ""}
    names |= set(_about_account(user).values_list("object_repr", flat=True))
    return {name for name in names if name.strip()} - {ERASED}


def erase_names(user: Any, names: Collection[str]) -> None:
    """Replace the names in every entry that can contain them."""
    _about_account(user).update(object_repr=ERASED, change_message="")
    if not names:
        return
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first))
    referring = _types_that_refer_to_accounts()
    changed = []
    for entry in _with_any_of(names, referring).iterator(chunk_size=BATCH):
        before = (entry.object_repr, entry.change_message)
        if entry.content_type_id in referring:
            entry.object_repr = pattern.sub(ERASED, entry.object_repr)[:200]
        entry.change_message = _without(pattern, entry.change_message)
        if before != (entry.object_repr, entry.change_message):
            changed.append(entry)
    LogEntry.objects.bulk_update(changed, ["object_repr", "change_message"], batch_size=BATCH)


def _about_account(user: Any) -> QuerySet[LogEntry]:
    account = ContentType.objects.get_for_model(type(user))
    return LogEntry.objects.filter(content_type=account, object_id=str(user.pk))


def _types_that_refer_to_accounts() -> set[int]:
    """Return the types of rows whose text may contain a username. A business with the same name is not among them."""
    models = {relation.related_model for relation in get_user_model()._meta.related_objects}
    return {kind.pk for kind in ContentType.objects.get_for_models(*models).values()}


def _with_any_of(names: Collection[str], referring: Collection[int]) -> QuerySet[LogEntry]:
    in_text, in_message = Q(), Q()
    for name in names:
        in_text |= Q(object_repr__contains=name)
        in_message |= Q(change_message__contains=name)
        in_message |= Q(change_message__contains=json.dumps(name)[1:-1])  # as it is written in JSON
    return LogEntry.objects.filter(in_message | (in_text & Q(content_type__in=referring))).order_by("pk")


def _without(pattern: re.Pattern[str], message: str) -> str:
    """Replace the names in a change message, which is JSON. In entries of other programs it may be any text."""
    try:
        parsed = json.loads(message)
    except ValueError:
        return pattern.sub(ERASED, message)
    return json.dumps(_replaced(pattern, parsed))


def _replaced(pattern: re.Pattern[str], value: Any) -> Any:
    if isinstance(value, str):
        return pattern.sub(ERASED, value)
    if isinstance(value, list):
        return [_replaced(pattern, item) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(pattern, item) for key, item in value.items()}
    return value
