from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.errors import DomainError
from conversations.moderation.exports import export_person
from conversations.moderation.person_lookup import add_person_arguments, find_person


class Command(BaseCommand):
    help = "Write everything that the site stores about a person to standard output as JSON Lines. Adds an audit entry."

    def add_arguments(self, parser: CommandParser) -> None:
        add_person_arguments(parser)
        parser.add_argument("--reason", default="Command line", help="reason for the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user_id = find_person(options)
            lines = export_person(actor=None, user_id=user_id, reason=options["reason"])
        except DomainError as error:
            raise CommandError(error.message) from error
        for line in lines:
            self.stdout.write(line.decode(), ending="")
