from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.demo import BUSINESS, CUSTOMERS, MEMBERS, PASSWORD, furnishers, make_demo


class Command(BaseCommand):
    help = "Makes demonstration data: a business with two members, three customers, some history. Idempotent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="also where DEBUG is off (well-known passwords!)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError(
                "The demonstration users have a well-known password, and DEBUG is off. Use --force if you mean it."
            )
        business = make_demo()
        members = ", ".join(f"{role} {username}" for username, role in MEMBERS.items())
        self.stdout.write(f'Business "{BUSINESS[0]}": {members}')
        self.stdout.write(f"Customers: {', '.join(CUSTOMERS)}")
        self.stdout.write(f"Password of all: {PASSWORD}")
        for furnish in furnishers:
            self.stdout.write(furnish(business))
