"""Find the accounts of the source's people, or create them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from chatsite.identity.accounts import open_account
from chatsite.legacy_import.directory import Ambiguity, Directory, Person, mark_closed
from chatsite.legacy_import.import_lock import ImportLock
from chatsite.legacy_import.models import ImportedAccount
from chatsite.legacy_import.options import ImportOptions
from chatsite.transfer.options import TransferOptions
from chatsite.transfer.records import SourcePerson
from conversations.access import UserId
from conversations.models import Membership
from conversations.moderation.operations import erased_among
from conversations.validation import storable

_CACHE_SIZE: Final = 100_000
_EMAIL_LENGTH: Final = 254
Match = Person | Ambiguity | None


class RehearsedPerson(Person):
    """A person for whom a dry run would create an account."""


def closed_among(user_ids: Collection[UserId]) -> set[UserId]:
    """Return those of the users who get no more messages: their account has been erased or deactivated."""
    inactive = get_user_model()._default_manager.filter(pk__in=user_ids, is_active=False)
    return erased_among(user_ids) | set(inactive.values_list("pk", flat=True))


def _nobody(user_ids: Collection[UserId]) -> set[UserId]:
    return set()


class People:
    """The accounts of a source's people. Without a lock, as for a dry run, nothing is created."""

    def __init__(
        self, options: TransferOptions, import_lock: ImportLock | None, *, accept_closed: bool = False
    ) -> None:
        self._options = options
        # `accept_closed` is for messages that have been stored before the erasure.
        self._closed_among = _nobody if accept_closed else closed_among
        self._lock = import_lock
        self._directory = Directory(
            ImportOptions(users=options.matched_by, user_map=options.user_map), self._closed_among
        )
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
        if unmatched and self._options.create_people:
            self._created.update(self._known(unmatched.keys()))
            for key, person in unmatched.items():
                if key not in self._created:
                    self._created[key] = self._create(person)
                    self.made += 1
        found = (self._created.get(person.id) for person in people)
        created = [one for one in found if isinstance(one, Person) and not isinstance(one, RehearsedPerson)]
        mark_closed(created, self._closed_among)

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
        found = dict(rows.values_list("reference", "user_id"))
        teams: defaultdict[UserId, set[UUID]] = defaultdict(set)
        memberships = Membership.objects.filter(user_id__in=found.values())
        for user_id, business_id in memberships.values_list("user_id", "business_id"):
            teams[user_id].add(business_id)
        return {by_digest[digest]: Person(user_id, teams[user_id]) for digest, user_id in found.items()}

    def _create(self, person: SourcePerson) -> Match:
        if self._lock is None:
            return RehearsedPerson(f"new:{person.id}")
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
