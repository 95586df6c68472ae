from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.legacy_import.arguments import add_import_arguments, parse_options
from chatsite.legacy_import.column_mapping import detect
from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.importer import import_rows
from chatsite.legacy_import.options import Action, CommandOptions
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.report import import_lines, undo_lines, verify_lines
from chatsite.legacy_import.source_connection import open_source, source_name
from chatsite.legacy_import.source_table import SourceTable
from chatsite.legacy_import.table_summary import summarize_table
from chatsite.legacy_import.undo import undo
from chatsite.legacy_import.verify import verify


class Command(BaseCommand):
    help = "Imports an old messages table into conversations and notifications. See docs/migration.md."

    def add_arguments(self, parser: CommandParser) -> None:
        add_import_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            parsed = parse_options(options)
            if parsed.action is Action.UNDO:
                self._undo(parsed)
            else:
                self._with_source(parsed)
        except ImportStopped as stopped:
            raise CommandError(str(stopped)) from stopped

    def _undo(self, parsed: CommandOptions) -> None:
        import_options = parsed.import_options
        progress = self._progress(0, parsed)
        undo_report = undo(source_name(import_options), dry_run=import_options.dry_run, progress=progress)
        self._say(undo_lines(undo_report, dry_run=import_options.dry_run))
        if undo_report.refused:
            sys.exit(1)

    def _with_source(self, parsed: CommandOptions) -> None:
        import_options = parsed.import_options
        with open_source(import_options) as connection:
            source = SourceTable(connection, import_options.table)
            mapping = detect(source.columns, import_options.columns)
            if parsed.action is Action.DESCRIBE:
                self._say(summarize_table(source, mapping, import_options))
                return
            source.use(mapping)
            progress = self._progress(source.estimate(), parsed)
            if parsed.action is Action.VERIFY:
                comparison = verify(source, source_name(import_options), import_options, progress)
                self._say(verify_lines(comparison))
                if not comparison.agrees:
                    sys.exit(1)
                return
            self._say(
                import_lines(
                    import_rows(source, source_name(import_options), import_options, progress), import_options
                )
            )

    def _progress(self, total: int, parsed: CommandOptions) -> Progress:
        terminal = self.stderr.isatty()
        write = partial(self.stderr.write, style_func=str, ending="")
        return Progress(write, total=total, shown=terminal or parsed.progress, terminal=terminal)

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)
