"""Find the accounts of the source's people, or create them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from chatsite.identity.accounts import open_account
from chatsite.legacy_import.directory import Ambiguity, Directory, Person
from chatsite.legacy_import.import_lock import ImportLock
from chatsite.legacy_import.models import ImportedAccount
from chatsite.legacy_import.options import ImportOptions
from chatsite.transfer.options import TransferOptions
from chatsite.transfer.records import SourcePerson
from conversations.access import UserId
from conversations.models import Membership
from conversations.validation import storable

_CACHE_SIZE: Final = 100_000
_EMAIL_LENGTH: Final = 254
_CLOSED: Final = Ambiguity("the account of this person has been erased or deactivated.")
Match = Person | Ambiguity | None


class People:
    """The accounts of a source's people. Without a lock, as for a dry run, nothing is created."""

    def __init__(
        self, options: TransferOptions, import_lock: ImportLock | None, *, accept_closed: bool = False
    ) -> None:
        self._options = options
        self._accept_closed = accept_closed  # for messages that have been stored before the erasure
        self._lock = import_lock
        self._directory = Directory(ImportOptions(users=options.matched_by, user_map=options.user_map))
        self._created: dict[str, Match] = {}
        self.made = 0

    def load(self, people: Collection[SourcePerson]) -> None:
        """Look up the people of a batch. With `--create-people`, create those that nobody matches."""
        if len(self._created) > _CACHE_SIZE:
            self._created.clear()
        self._directory.load({key for person in people if (key := self._reference(person))})
        unmatched = {
            person.id: person
            for person in people
            if self._matched(person) is None and person.id not in self._created
        }
        if not (unmatched and self._options.create_people):
            return
        self._created.update(self._known(unmatched.keys()))
        for key, person in unmatched.items():
            if key not in self._created:
                self._created[key] = self._create(person)
                self.made += 1

    def find(self, person: SourcePerson) -> Match:
        return self._matched(person) or self._created.get(person.id)

    def _matched(self, person: SourcePerson) -> Match:
        key = self._reference(person)
        return self._directory.person(key) if key else None

    def _reference(self, person: SourcePerson) -> str:
        """Return what the directory compares: the value in the site's column, or the id in the map."""
        return person.id if self._options.user_map else str(getattr(person, self._options.matched_by))

    def _known(self, ids: Collection[str]) -> dict[str, Match]:
        """Return the accounts that earlier batches and runs have created."""
        by_digest = {self._digest(key): key for key in ids}
        rows = ImportedAccount.objects.filter(
            source__source=self._options.source_name, reference__in=by_digest
        )
        found = list(rows.values_list("reference", "user_id", "user__is_active"))
        teams: defaultdict[UserId, set[UUID]] = defaultdict(set)
        memberships = Membership.objects.filter(user_id__in=[user_id for _, user_id, _ in found])
        for user_id, business_id in memberships.values_list("user_id", "business_id"):
            teams[user_id].add(business_id)
        return {
            by_digest[digest]: Person(user_id, teams[user_id])
            if is_active or self._accept_closed
            else _CLOSED
            for digest, user_id, is_active in found
        }

    def _create(self, person: SourcePerson) -> Match:
        if self._lock is None:
            return Person(f"new:{person.id}")  # the rehearsal stores nothing
        name = person.name if storable(person.name) else ""
        email = person.email if storable(person.email) and len(person.email) <= _EMAIL_LENGTH else ""
        try:
            with transaction.atomic():
                self._lock.update()
                account = open_account(name=name, email=email)
                ImportedAccount.objects.create(
                    source=self._lock.record, reference=self._digest(person.id), user=account
                )
        except IntegrityError:  # the host's user model has a rule of its own
            return Ambiguity("the user model does not accept an account for this person.")
        return Person(account.pk)

    def _digest(self, person_id: str) -> str:
        text = f"{self._options.source_name}\x00{person_id}".encode("utf-8", "replace")
        return hashlib.blake2b(text, digest_size=32).hexdigest()
