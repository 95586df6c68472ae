from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from conversations.moderation.retention import delete_expired_messages


class Command(BaseCommand):
    help = (
        "Deletes messages that are older than MESSAGE_DAYS, or than their business keeps them, with their files. A "
        "daily job does the same."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        done = delete_expired_messages(dry_run=options["dry_run"])
        verb = "would be" if options["dry_run"] else "were"
        self.stdout.write(f"{done.messages} messages of {done.conversations} conversations {verb} deleted.")
