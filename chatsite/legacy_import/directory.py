"""Look up the users and businesses that the old table refers to.

The references of a batch are looked up together. Results are cached, including unknown references, and the cache is
cleared when it grows too large. Each batch looks up which accounts are closed, because a person may be erased while an
import runs.
"""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.text import slugify
from uuid_utils.compat import uuid7

from chatsite.errors import DomainError
from chatsite.identity.names import email_field
from chatsite.identity.users import normalize_username
from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.rejection import RowRejected
from conversations.access import UserId, user_key
from conversations.models import Business, Membership
from conversations.moderation.operations import erased_among
from conversations.validation import storable

_CACHE_SIZE: Final = 200_000


@dataclass(slots=True)
class Person:
    user_id: UserId
    businesses: set[UUID] = field(default_factory=set)
    is_closed: bool = False  # gets no more messages


@dataclass(slots=True, frozen=True)
class Ambiguity:
    """A reference that does not identify exactly one user."""

    reason: str


_SEVERAL_USERS: Final = Ambiguity("several users have this username or email address.")
_OTHER_SPELLING: Final = Ambiguity("an id must consist of ASCII digits without a sign or leading zeros.")


def mark_closed(
    people: Collection[Person], closed_among: Callable[[Collection[UserId]], set[UserId]]
) -> None:
    closed = closed_among({person.user_id for person in people})
    for person in people:
        person.is_closed = person.user_id in closed


def require_person(found: Person | Ambiguity | None, *, role: str, reference: str) -> Person:
    """Return the person that a lookup found. Reject the row if it found none, several, or a closed account."""
    if found is None:
        raise RowRejected(f"unknown_{role}", f"No user matches the {role} {reference[:80]!r}.")
    if isinstance(found, Ambiguity):
        raise RowRejected(f"ambiguous_{role}", f"{reference[:80]!r}: {found.reason}")
    if found.is_closed:
        raise RowRejected(
            f"ambiguous_{role}", f"{reference[:80]!r}: the account has been erased or deactivated."
        )
    return found


class Directory:
    """Finds users and businesses of the site by references of the old table.

    `closed_among` returns which of some users get no more messages. By default these are the erased ones.
    """

    def __init__(
        self,
        options: ImportOptions,
        closed_among: Callable[[Collection[UserId]], set[UserId]] = erased_among,
    ) -> None:
        self._options = options
        self._closed_among = closed_among
        self._user_map = _read_map(options.user_map) if options.user_map else None
        self._business_map = _read_map(options.business_map) if options.business_map else {}
        self._people: dict[str, Person | Ambiguity | None] = {}
        self._businesses: dict[str, UUID | None] = {}
        self.made: list[Business] = []  # businesses to store before the batch that refers to them
        self.default_business = self._find_default()

    def _find_default(self) -> UUID | None:
        name = self._options.default_business
        if not name:
            return None
        self.load_businesses([name])
        found = self._businesses.get(name)
        if found is None:
            raise ImportStopped(f"--default-business: no business has the slug or id {name!r}.")
        return found

    def person(self, reference: str) -> Person | Ambiguity | None:
        """Return the user of a reference that has been loaded."""
        return self._people.get(reference)

    def business(self, reference: str) -> UUID | None:
        return self._businesses.get(reference)

    # --- Users --------------------------------------------------------------------------------------------------------

    def load(self, references: Collection[str]) -> None:
        """Look up users, their businesses, and which accounts are closed, with a fixed number of queries."""
        if len(self._people) > _CACHE_SIZE:
            self._people.clear()
        if wanted := {reference for reference in references if reference not in self._people}:
            self._look_up(wanted)
        found = (self._people[reference] for reference in references)
        mark_closed([one for one in found if isinstance(one, Person)], self._closed_among)

    def _look_up(self, wanted: set[str]) -> None:
        # A reference missing from the map matches nobody, because its id may belong to another user now.
        names = {key: key if self._user_map is None else self._user_map.get(key, "") for key in wanted}
        found = self._find_users({name for name in names.values() if name})
        self._load_businesses_of([person for person in found.values() if isinstance(person, Person)])
        self._people.update((reference, found.get(name)) for reference, name in names.items())

    def _load_businesses_of(self, people: Iterable[Person]) -> None:
        by_id: defaultdict[UserId, list[Person]] = defaultdict(list)
        for person in people:
            by_id[person.user_id].append(person)
        rows = Membership.objects.filter(user_id__in=list(by_id))
        for user_id, business_id in rows.values_list("user_id", "business_id"):
            for person in by_id[user_id]:
                person.businesses.add(business_id)

    def _find_users(self, names: set[str]) -> dict[str, Person | Ambiguity]:
        """Find each name's user. The result depends only on the name, so all runs and batches agree."""
        if self._options.users == "id":
            return self._find_by_id(names)
        return self._find_by_text(self._text_column(), {name for name in names if storable(name)})

    def _text_column(self) -> str:
        if self._options.users != "email":
            return get_user_model().USERNAME_FIELD
        column = email_field()
        if column is None:
            raise ImportStopped("--users email: the user model has no e-mail field.")
        return column

    def _find_by_id(self, names: set[str]) -> dict[str, Person | Ambiguity]:
        found: dict[str, Person | Ambiguity] = {}
        keys: dict[str, UserId] = {}
        for name in names:
            key = _key_or_none(_with_ascii_digits(name))
            if isinstance(key, int) and str(key) != name:
                found[name] = _OTHER_SPELLING
            elif key is not None:
                keys[name] = key
        users = get_user_model()._default_manager.filter(pk__in=set(keys.values()))
        there = set(users.values_list("pk", flat=True))
        found.update((name, Person(key)) for name, key in keys.items() if key in there)
        return found

    def _find_by_text(self, column: str, names: set[str]) -> dict[str, Person | Ambiguity]:
        users = get_user_model()._default_manager.annotate(lowered=Lower(column))
        folded = self._options.users == "email"
        spellings = {spelling for name in names for spelling in (name, normalize_username(name), _fold(name))}
        there = users.filter(
            Q(**{f"{column}__in": spellings}) | (Q(lowered__in=spellings) if folded else Q())
        )
        by_key: defaultdict[str, set[UserId]] = defaultdict(set)
        for text, pk in there.values_list(column, "pk"):
            by_key[_fold(text) if folded else text].add(pk)
        found: dict[str, Person | Ambiguity] = {}
        for name in names:
            keys = (
                by_key.get(_fold(name))
                if folded
                else by_key.get(normalize_username(name)) or by_key.get(name)
            )
            if keys:
                found[name] = Person(*keys) if len(keys) == 1 else _SEVERAL_USERS
        return found

    # --- Businesses ---------------------------------------------------------------------------------------------------

    def load_businesses(self, references: Collection[str]) -> None:
        """Look up businesses by map, id or slug. With `--create-businesses`, prepare the missing ones."""
        if len(self._businesses) > _CACHE_SIZE:
            self._businesses.clear()
        wanted = sorted({reference for reference in references if reference not in self._businesses})
        if not wanted:
            return
        names = {key: self._business_map.get(key, key) for key in wanted}
        ids = {name: key for name in names.values() if (key := _uuid_or_none(name)) is not None}
        by_id = set(Business.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
        slugs = [name for name in names.values() if storable(name)]
        slugs += [_slug_of(key) for key in wanted] if self._options.create_businesses else []
        by_slug = dict(Business.objects.filter(slug__in=slugs).values_list("slug", "pk"))
        for reference, name in names.items():
            found = ids[name] if ids.get(name) in by_id else by_slug.get(name)
            if found is None and self._options.create_businesses:
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
    """Return the slug of a business that the import creates. It is unique per reference and equal in every run."""
    plain = slugify(reference)[:40]
    if plain == reference:
        return f"legacy-{plain}"
    digest = hashlib.blake2b(reference.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return f"legacy-{plain}-{digest}"


def _fold(address: str) -> str:
    return normalize_username(address).casefold()


def _printable(reference: str) -> str:
    return "".join(letter for letter in reference if letter.isprintable() and storable(letter))


def _key_or_none(raw: str) -> UserId | None:
    try:
        return user_key(raw)
    except DomainError:
        return None


def _with_ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in text)


def _uuid_or_none(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None


def _read_map(path: Path) -> dict[str, str]:
    """Read a CSV file with the columns old and new. A header line is optional."""
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
