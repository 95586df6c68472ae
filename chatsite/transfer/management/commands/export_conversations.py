from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from chatsite.errors import DomainError
from chatsite.transfer.exporter import ExportOptions, export_lines
from conversations.models import Business


class Command(BaseCommand):
    help = "Exports conversations as JSON Lines, which import_conversations reads. See docs/importing.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file to write; it is replaced when it is complete")
        parser.add_argument("--business", default="", metavar="SLUG", help="only this business")
        parser.add_argument("--since", default="", metavar="TIME", help="only messages from this time on")
        parser.add_argument("--files", type=Path, metavar="DIR", help="copy the files of the messages here")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = ExportOptions(
            business=options["business"], since=_time(options["since"]), files=options["files"]
        )
        if chosen.business and not Business.objects.filter(slug=chosen.business).exists():
            raise CommandError(f"--business: no business has the slug {chosen.business!r}.")
        count = 0
        try:
            if chosen.files is not None:  # the import wants the folder, also where no message has a file
                chosen.files.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _replaced(options["file"]) as file:
                for line in export_lines(chosen):
                    file.write(line)
                    count += 1
        except (OSError, DomainError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Exported: {count:,} lines to {options['file']}")


@contextmanager
def _replaced(path: Path) -> Iterator[IO[bytes]]:
    """Write beside the file and replace it at the end. Only the owner can read it: it holds private messages."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    with part.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--since: {text!r} is not an ISO 8601 time.") from error
    return at if at.tzinfo else at.replace(tzinfo=timezone.get_default_timezone())
