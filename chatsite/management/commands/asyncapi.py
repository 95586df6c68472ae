"""`manage.py asyncapi`: print the AsyncAPI document of the live protocol. `docs/asyncapi.json` is a copy of it."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatsite.realtime.asyncapi import document


class Command(BaseCommand):
    help = "Print the AsyncAPI 3 document of the live protocol."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="chat.example.com", help="the host name of the site")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(
            json.dumps(document(host=options["host"], secure=True), indent=2, ensure_ascii=False)
        )
