from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from conversations.integrity import recount_unread


class Command(BaseCommand):
    help = "Find unread counts that do not match the messages, print them and correct them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="print the wrong counts and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for line in recount_unread(dry_run=options["dry_run"]):
            wrong += 1
            self.stdout.write(line)
        self.stdout.write(f"{wrong} counts {'would be' if options['dry_run'] else 'were'} corrected.")
