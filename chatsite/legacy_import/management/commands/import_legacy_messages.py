from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.legacy_import.choices import Choices
from chatsite.legacy_import.columns import detect
from chatsite.legacy_import.connect import open_source, source_name
from chatsite.legacy_import.describe import describe
from chatsite.legacy_import.errors import ImportStopped
from chatsite.legacy_import.options import add_options, choices_of
from chatsite.legacy_import.progress import Progress
from chatsite.legacy_import.report import of_run, of_undo, of_verdict
from chatsite.legacy_import.run import import_rows
from chatsite.legacy_import.source import SourceTable
from chatsite.legacy_import.undo import undo
from chatsite.legacy_import.verify import verify


class Command(BaseCommand):
    help = (
        "Moves the old single table of messages into conversations and notifications. See docs/migration.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            choices = choices_of(options)
            if options["undo"]:
                self._undo(choices, options)
            else:
                self._with_source(choices, options)
        except ImportStopped as stopped:
            raise CommandError(str(stopped)) from stopped

    def _undo(self, choices: Choices, options: dict[str, Any]) -> None:
        undone = undo(source_name(choices), dry_run=choices.dry_run, progress=self._progress(0, options))
        self._say(of_undo(undone, dry_run=choices.dry_run))
        if undone.refused:
            sys.exit(1)

    def _with_source(self, choices: Choices, options: dict[str, Any]) -> None:
        with open_source(choices) as connection:
            source = SourceTable(connection, choices.table)
            mapping = detect(source.columns, choices.columns)
            if options["describe"]:
                self._say(describe(source, mapping, choices))
                return
            source.use(mapping)
            progress = self._progress(source.estimate(), options)
            if options["verify"]:
                verdict = verify(source, source_name(choices), choices, progress)
                self._say(of_verdict(verdict))
                if not verdict.agrees:
                    sys.exit(1)
                return
            self._say(of_run(import_rows(source, source_name(choices), choices, progress), choices))

    def _progress(self, total: int, options: dict[str, Any]) -> Progress:
        terminal = self.stderr.isatty()
        write = partial(self.stderr.write, style_func=str, ending="")
        return Progress(write, total=total, shown=terminal or options["progress"], terminal=terminal)

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)
