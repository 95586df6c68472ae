from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from conversations.demo import BUSINESS, CUSTOMERS, MEMBERS, PASSWORD, extensions, login_name, make_demo


class Command(BaseCommand):
    help = "Create demonstration data: a business with two members, three customers and some messages. Idempotent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="run even if DEBUG is off (the passwords are publicly known)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError(
                "DEBUG is off, and the demonstration users have a publicly known password. "
                "Use --force to create them anyway."
            )
        business = make_demo()
        members = ", ".join(f"{role} {login_name(username)}" for username, role in MEMBERS.items())
        self.stdout.write(f'Business "{BUSINESS[0]}": {members}')
        self.stdout.write(f"Customers: {', '.join(map(login_name, CUSTOMERS))}")
        self.stdout.write(f"Password: {PASSWORD}")
        for extend in extensions:
            self.stdout.write(extend(business))
