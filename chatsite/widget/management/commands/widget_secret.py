from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.errors import DomainError
from chatsite.widget import operations
from chatsite.widget.models import SigningSecret, WidgetSite


class Command(BaseCommand):
    help = "List a widget's signing secrets, masked. Show, create or revoke one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("business", help="the business's slug")
        action = parser.add_mutually_exclusive_group()
        action.add_argument("--show", action="store_true", help="print the newest secret")
        action.add_argument(
            "--rotate", action="store_true", help="create a secret and print it; at most two are valid"
        )
        action.add_argument("--revoke", metavar="ID", help="revoke the secret with this id")
        action.add_argument(
            "--sign-out", action="store_true", help="end every login that came through this widget"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        site = WidgetSite.objects.filter(business__slug=options["business"]).first()
        if site is None:
            raise CommandError(f"The business {options['business']!r} has no widget.")
        if options["rotate"]:
            self.stdout.write(operations.rotate_secret(site_id=site.pk).value)
        elif options["show"]:
            self.stdout.write(self._newest(site).value)
        elif options["revoke"]:
            self._revoke(site, options["revoke"])
        elif options["sign_out"]:
            self.stdout.write(f"Signed out {operations.sign_out_visitors(site_id=site.pk)} visitors.")
        else:
            self._list(site)

    def _newest(self, site: WidgetSite) -> SigningSecret:
        secret = site.secrets.first()
        if secret is None:
            raise CommandError("There is no valid secret. Create one with --rotate.")
        return secret

    def _revoke(self, site: WidgetSite, secret_id: str) -> None:
        secret = next((row for row in site.secrets.all() if str(row.pk) == secret_id), None)
        if secret is None:
            raise CommandError("There is no secret with this id.")
        try:
            operations.revoke_secret(site_id=site.pk, secret_id=secret.pk)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Revoked {secret.hint}.")

    def _list(self, site: WidgetSite) -> None:
        self.stdout.write(f"iss {site.pk}")
        for secret in site.secrets.all():
            self.stdout.write(f"{secret.pk} {secret.hint} created {secret.created_at:%Y-%m-%d %H:%M}")
