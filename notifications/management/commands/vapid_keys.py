"""`manage.py vapid_keys`: create the key that identifies this site to push services."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from notifications.delivery.push.vapid import new_private_key, public_key_of


class Command(BaseCommand):
    help = (
        "Print a new VAPID key for Web Push. Set it once and keep it: "
        "browsers that have subscribed to one key get nothing from another."
    )

    def handle(self, **options: Any) -> None:
        key = new_private_key()
        self.stdout.write(f"VAPID_PRIVATE_KEY={key}")
        self.stdout.write(f"# Browsers get this public key from GET /push/key: {public_key_of(key)}")
