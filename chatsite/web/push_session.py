"""What the scripts need to subscribe this browser to pushes."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from notifications.delivery.push.vapid import public_key_of


def push_session() -> dict[str, str]:
    """The key for the browser's `subscribe`, empty where the site sends no push, and the service worker."""
    private = settings.VAPID_PRIVATE_KEY
    return {"key": public_key_of(private) if private else "", "worker": reverse("web:push-worker")}
