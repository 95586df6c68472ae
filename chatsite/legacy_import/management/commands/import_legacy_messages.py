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
from chatsite.legacy_import.options import ImportOptions
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.report import of_run, of_undo, of_verdict
from chatsite.legacy_import.source_connection import open_source, source_name
from chatsite.legacy_import.source_table import SourceTable
from chatsite.legacy_import.table_summary import summarize_table
from chatsite.legacy_import.undo import undo
from chatsite.legacy_import.verify import verify


class Command(BaseCommand):
    help = (
        "Moves the old single table of messages into conversations and notifications. See docs/migration.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_import_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            import_options = parse_options(options)
            if options["undo"]:
                self._undo(import_options, options)
            else:
                self._with_source(import_options, options)
        except ImportStopped as stopped:
            raise CommandError(str(stopped)) from stopped

    def _undo(self, import_options: ImportOptions, options: dict[str, Any]) -> None:
        undo_report = undo(
            source_name(import_options), dry_run=import_options.dry_run, progress=self._progress(0, options)
        )
        self._say(of_undo(undo_report, dry_run=import_options.dry_run))
        if undo_report.refused:
            sys.exit(1)

    def _with_source(self, import_options: ImportOptions, options: dict[str, Any]) -> None:
        with open_source(import_options) as connection:
            source = SourceTable(connection, import_options.table)
            mapping = detect(source.columns, import_options.columns)
            if options["describe"]:
                self._say(summarize_table(source, mapping, import_options))
                return
            source.use(mapping)
            progress = self._progress(source.estimate(), options)
            if options["verify"]:
                comparison = verify(source, source_name(import_options), import_options, progress)
                self._say(of_verdict(comparison))
                if not comparison.agrees:
                    sys.exit(1)
                return
            self._say(
                of_run(
                    import_rows(source, source_name(import_options), import_options, progress), import_options
                )
            )

    def _progress(self, total: int, options: dict[str, Any]) -> Progress:
        terminal = self.stderr.isatty()
        write = partial(self.stderr.write, style_func=str, ending="")
        return Progress(write, total=total, shown=terminal or options["progress"], terminal=terminal)

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)
