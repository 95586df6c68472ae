"""Remove old notifications in batches. Run this daily."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications import pruning


class Command(BaseCommand):
    help = "Remove old notifications. Unread notifications are kept longer than read or deleted ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--read-days",
            type=int,
            default=90,
            help="age of read or deleted notifications to remove (default: 90)",
        )
        parser.add_argument(
            "--unread-days",
            type=int,
            default=365,
            help="age of unread notifications to remove (default: 365)",
        )
        parser.add_argument("--batch", type=int, default=500, help="rows per transaction (default: 500)")
        parser.add_argument("--dry-run", action="store_true", help="print the counts and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("read_days", "unread_days", "batch"):
            if options[name] < 1:
                raise CommandError(f"--{name.replace('_', '-')} must be at least 1.")
        now = timezone.now()
        read_before = now - timedelta(days=options["read_days"])
        unread_before = now - timedelta(days=options["unread_days"])
        if options["dry_run"]:
            counts = pruning.count_prunable(read_before=read_before, unread_before=unread_before)
            self.stdout.write(
                f"Would remove {counts['read']} read or deleted and {counts['unread']} unread notifications."
            )
            return
        removed = sum(
            pruning.prune(read_before=read_before, unread_before=unread_before, batch=options["batch"])
        )
        self.stdout.write(f"Removed {removed} notifications.")
