"""Whom and what the old references stand for: users with the businesses they speak for, and businesses.

Looked up for a whole batch at once and remembered, misses too; the memory is emptied when it grows past a bound.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models.functions import Lower
from django.utils.text import slugify
from uuid_utils.compat import uuid7

from chatsite.errors import DomainError
from chatsite.legacy_import.choices import Choices
from chatsite.legacy_import.errors import ImportStopped
from conversations.access import UserId, user_key
from conversations.models import Business, Membership
from conversations.operations import storable

_REMEMBERED: Final = 200_000


@dataclass(slots=True)
class Person:
    user_id: UserId
    businesses: set[UUID] = field(default_factory=set)


AMBIGUOUS: Final = Person(None)  # several users have this e-mail address


class People:
    """The users and businesses of the site, found by the references of the old table."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._user_map = _read_map(choices.user_map) if choices.user_map else None
        self._business_map = _read_map(choices.business_map) if choices.business_map else {}
        self._people: dict[str, Person | None] = {}
        self._businesses: dict[str, UUID | None] = {}
        self.made: list[Business] = []  # what has to be stored before the batch that needs it
        self.default_business = self._find_default()

    def _find_default(self) -> UUID | None:
        name = self._choices.default_business
        if not name:
            return None
        self.load_businesses([name])
        found = self._businesses.get(name)
        if found is None:
            raise ImportStopped(f"--default-business: there is no business {name!r}.")
        return found

    def person(self, reference: str) -> Person | None:
        """Of a reference that was loaded; `AMBIGUOUS` where several users answer to it."""
        return self._people.get(reference)

    def business(self, reference: str) -> UUID | None:
        return self._businesses.get(reference)

    # --- Users --------------------------------------------------------------------------------------------------------

    def load(self, references: Collection[str]) -> None:
        """Find the users, with the businesses that each speaks for. Two queries for any number."""
        if len(self._people) > _REMEMBERED:
            self._people.clear()
        wanted = {reference for reference in references if reference not in self._people}
        if not wanted:
            return
        # With a map, only what it names is anybody: an old id that it leaves out may be somebody else's new one.
        names = {key: key if self._user_map is None else self._user_map.get(key, "") for key in wanted}
        found = self._find_users({name for name in names.values() if name})
        people = {person.user_id: person for person in found.values()}
        rows = Membership.objects.filter(user_id__in=[key for key in people if key is not None])
        for user_id, business_id in rows.values_list("user_id", "business_id"):
            people[user_id].businesses.add(business_id)
        self._people.update((reference, found.get(self._normal(name))) for reference, name in names.items())

    def _normal(self, name: str) -> str:
        return name.lower() if self._choices.users == "email" else name

    def _find_users(self, names: set[str]) -> dict[str, Person]:
        users = get_user_model().objects
        if self._choices.users == "id":
            keys = {key: name for name in names if (key := _key_or_none(name)) is not None}
            return {keys[pk]: Person(pk) for pk in users.filter(pk__in=keys).values_list("pk", flat=True)}
        names = {self._normal(name) for name in names if storable(name)}
        if self._choices.users == "username":
            column: Any = get_user_model().USERNAME_FIELD
            rows = users.filter(**{f"{column}__in": names}).values_list(column, "pk")
        else:
            lowered = users.annotate(lowered=Lower("email"))
            rows = lowered.filter(lowered__in=names).values_list("lowered", "pk")
        found: dict[str, Person] = {}
        for name, pk in rows:
            found[name] = AMBIGUOUS if name in found else Person(pk)
        return found

    # --- Businesses ---------------------------------------------------------------------------------------------------

    def load_businesses(self, references: Collection[str]) -> None:
        """Find the businesses by the map, by id or by slug; with `--create-businesses`, prepare those that lack."""
        if len(self._businesses) > _REMEMBERED:
            self._businesses.clear()
        wanted = {reference for reference in references if reference not in self._businesses}
        if not wanted:
            return
        names = {key: self._business_map.get(key, key) for key in wanted}
        ids = {name: key for name in names.values() if (key := _uuid_or_none(name)) is not None}
        by_id = set(Business.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
        slugs = [name for name in names.values() if storable(name)]
        slugs += [_slug_of(key) for key in wanted] if self._choices.create_businesses else []
        by_slug = dict(Business.objects.filter(slug__in=slugs).values_list("slug", "pk"))
        for reference, name in names.items():
            found = ids[name] if ids.get(name) in by_id else by_slug.get(name)
            if found is None and self._choices.create_businesses:
                found = by_slug.get(_slug_of(reference)) or self._make(reference, by_slug)
            self._businesses[reference] = found

    def _make(self, reference: str, by_slug: dict[str, UUID]) -> UUID:
        business = Business(
            pk=uuid7(), name=f"Business {_printable(reference)}"[:200], slug=_slug_of(reference)
        )
        by_slug[business.slug] = business.pk
        self.made.append(business)
        return business.pk


def _slug_of(reference: str) -> str:
    """The slug of a business that the import makes: the same in every run, and another for every reference."""
    plain = slugify(reference)[:40]
    if plain == reference:
        return f"legacy-{plain}"
    digest = hashlib.blake2b(reference.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return f"legacy-{plain}-{digest}"


def _printable(reference: str) -> str:
    return "".join(letter for letter in reference if letter.isprintable() and storable(letter))


def _key_or_none(raw: str) -> UserId | None:
    try:
        return user_key(raw)
    except DomainError:
        return None


def _uuid_or_none(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None


def _read_map(path: Path) -> dict[str, str]:
    """A CSV of two columns, old and new, with or without a line of headings."""
    found: dict[str, str] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, line in enumerate(csv.reader(file), 1):
                if len(line) < 2 and any(line):
                    raise ImportStopped(f"{path}, line {number}: expected two columns, old and new.")
                if line and line[0].strip():
                    found[line[0].strip()] = line[1].strip()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImportStopped(f"{path} cannot be read: {error}") from error
    return found
