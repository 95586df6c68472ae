from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatsite.identity.pruning import prune_logins


class Command(BaseCommand):
    help = "Delete expired rows of logins, refresh tokens, tickets and widget tokens. Run it once a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the counts and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        pruned = prune_logins(dry_run=options["dry_run"])
        verb = "Would delete" if options["dry_run"] else "Deleted"
        self.stdout.write(
            f"{verb} {pruned.ended_logins} ended logins, {pruned.refresh_tokens} refresh tokens"
            f" and {pruned.used_tokens} used tickets."
        )
