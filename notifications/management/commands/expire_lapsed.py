"""Mark lapsed offers and invitations as expired. Run this every few minutes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications.expiry import expire_lapsed, lapsed
from notifications.models import Invitation, Offer


class Command(BaseCommand):
    help = "Mark offers and invitations whose time is over as expired and notify both sides."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", type=int, default=500, help="rows per query (default: 500)")
        parser.add_argument("--dry-run", action="store_true", help="print the counts and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        if options["dry_run"]:
            offers, invitations = lapsed(Offer).count(), lapsed(Invitation).count()
            self.stdout.write(f"Would expire {offers} offers and {invitations} invitations.")
            return
        offers = sum(expire_lapsed(Offer, batch=options["batch"]))
        invitations = sum(expire_lapsed(Invitation, batch=options["batch"]))
        self.stdout.write(f"Expired {offers} offers and {invitations} invitations.")
