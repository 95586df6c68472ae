from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.errors import DomainError
from conversations.moderation.exports import export_transcript


class Command(BaseCommand):
    help = "Write a conversation and its messages to standard output as JSON Lines. Adds an audit entry."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("conversation", help="the id of the conversation")
        parser.add_argument("--reason", default="Command line", help="reason for the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = export_transcript(
                actor=None, conversation_id=options["conversation"], reason=options["reason"]
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        for line in lines:
            self.stdout.write(line.decode(), ending="")
