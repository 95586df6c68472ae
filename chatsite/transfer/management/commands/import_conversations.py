from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.progress import Progress
from chatsite.transfer.arguments import add_import_arguments, parse_options
from chatsite.transfer.importer import import_file
from chatsite.transfer.options import TransferOptions
from chatsite.transfer.report import import_lines, undone_lines, verify_lines
from chatsite.transfer.undo import undo_import
from chatsite.transfer.verify import verify_file


class Command(BaseCommand):
    help = "Imports conversations from a file of JSON Lines, Stream Chat or Chatwoot. See docs/importing.md."

    def add_arguments(self, parser: CommandParser) -> None:
        add_import_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            parsed = parse_options(options)
            progress = self._progress(shown=options["progress"])
            if options["undo"]:
                self._undo(parsed, progress)
            elif options["verify"]:
                comparison = verify_file(parsed, progress)
                self._say(verify_lines(comparison))
                if not comparison.agrees:
                    sys.exit(1)
            else:
                self._say(import_lines(import_file(parsed, progress), parsed))
        except ImportStopped as stopped:
            raise CommandError(str(stopped)) from stopped

    def _undo(self, parsed: TransferOptions, progress: Progress) -> None:
        report = undo_import(parsed.source_name, dry_run=parsed.dry_run, progress=progress)
        self._say(undone_lines(report, dry_run=parsed.dry_run))
        if report.conversations.refused:
            sys.exit(1)

    def _progress(self, *, shown: bool) -> Progress:
        terminal = self.stderr.isatty()
        write = partial(self.stderr.write, style_func=str, ending="")
        return Progress(write, total=0, shown=terminal or shown, terminal=terminal)

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)
