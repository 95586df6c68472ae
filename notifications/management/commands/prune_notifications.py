"""Remove old notifications, in batches. Run it daily."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications import pruning


class Command(BaseCommand):
    help = "Removes notifications that were read or deleted, and much older ones that were never read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--read-days", type=int, default=90, help="age of read or deleted ones (90)")
        parser.add_argument("--unread-days", type=int, default=365, help="age of unread ones (365)")
        parser.add_argument("--batch", type=int, default=500, help="rows of one transaction (500)")
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("read_days", "unread_days", "batch"):
            if options[name] < 1:
                raise CommandError(f"--{name.replace('_', '-')} must be at least 1.")
        now = timezone.now()
        read_before = now - timedelta(days=options["read_days"])
        unread_before = now - timedelta(days=options["unread_days"])
        if options["dry_run"]:
            counts = pruning.count_prunable(read_before=read_before, unread_before=unread_before)
            self.stdout.write(f"Would remove {counts['read']} read or deleted and {counts['unread']} unread.")
            return
        removed = sum(
            pruning.prune(read_before=read_before, unread_before=unread_before, batch=options["batch"])
        )
        self.stdout.write(f"Removed {removed}.")
