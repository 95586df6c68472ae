from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.errors import DomainError
from conversations.access import UserId
from conversations.moderation.erasure import FINISHED_AFTER, erase_person
from conversations.moderation.person_lookup import add_person_arguments, find_person


class Command(BaseCommand):
    help = (
        "Permanently empty a person's account and messages. Messages of others are kept. A job completes an "
        "interrupted run, and so does a second run with --id. Adds an entry to the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_person_arguments(parser)
        parser.add_argument("--reason", default="Command line", help="reason for the audit log")
        parser.add_argument("--dry-run", action="store_true", help="print the counts and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user_id = find_person(options)
            if not options["dry_run"]:
                self._name_the_retry(user_id)
            done = erase_person(
                actor=None, user_id=user_id, reason=options["reason"], dry_run=options["dry_run"]
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        counts = asdict(done)
        account = "the account, " if counts.pop("account") else ""
        numbers = ", ".join(f"{number} {what}" for what, number in counts.items())
        self.stdout.write(f"{'Would erase' if options['dry_run'] else 'Erased'}: {account}{numbers}.")

    def _name_the_retry(self, user_id: UserId) -> None:
        """Print the id first, because an interrupted run has already erased the username."""
        minutes = int(FINISHED_AFTER.total_seconds() / 60)
        self.stdout.write(
            f"Erasing the person with the id {user_id}. If this run is interrupted, a job completes it after "
            f"{minutes} minutes. To complete it at once: manage.py erase_person --id {user_id}"
        )
        self.stdout.flush()
