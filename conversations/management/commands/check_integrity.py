from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.integrity import audit_log_is_guarded, find_problems


class Command(BaseCommand):
    help = (
        "Holds every conversation's numbers, preview, counts and replies against its messages. Changes nothing; "
        "prints what is wrong, and then leaves with exit code 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        # So that whoever rehearses all commands of this kind alike need not know which of them only look.
        parser.add_argument(
            "--dry-run", action="store_true", help="as without it: this command changes nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for problem in find_problems():
            wrong += 1
            self.stdout.write(str(problem))
        if not audit_log_is_guarded():
            wrong += 1
            self.stdout.write("the audit log: the database's triggers that refuse changes are gone")
        if wrong:
            raise CommandError(f"{wrong} things are wrong.")
        self.stdout.write("Everything agrees.")
