from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.integrity import audit_log_is_guarded, find_problems, further_checks


class Command(BaseCommand):
    help = (
        "Check the numbers, preview, counts and replies of every conversation against its messages. Print the problems "
        "and exit with code 1 if there are any. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        # Accepted so that scripts can pass --dry-run to every maintenance command.
        parser.add_argument(
            "--dry-run", action="store_true", help="has no effect: this command never changes anything"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for problem in find_problems():
            wrong += 1
            self.stdout.write(str(problem))
        for check in further_checks:
            for text in check():
                wrong += 1
                self.stdout.write(text)
        if not audit_log_is_guarded():
            wrong += 1
            self.stdout.write("The database triggers that protect the audit log are missing.")
        if wrong:
            raise CommandError(f"{wrong} problems found.")
        self.stdout.write("No problems found.")
