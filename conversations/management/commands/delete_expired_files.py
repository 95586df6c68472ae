from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from conversations.attachments.retention import delete_expired_files


class Command(BaseCommand):
    help = (
        "Deletes the files of messages that are older than ATTACHMENT_DAYS, or than their business keeps them. The "
        "messages stay. A daily job does the same."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        done = delete_expired_files(dry_run=options["dry_run"])
        verb = "would be" if options["dry_run"] else "were"
        self.stdout.write(
            f"{done.files} files ({done.bytes} bytes) of {done.messages} messages {verb} deleted."
        )
