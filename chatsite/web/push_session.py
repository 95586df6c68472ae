"""What the scripts need to subscribe this browser to pushes."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac

from notifications.delivery.push.vapid import public_key_of


def push_session(request: HttpRequest) -> dict[str, str]:
    """Return the key for the browser's `subscribe`, the service worker's address and the session.

    The key is empty if the site sends no push.

    A subscription ends with its session. `session` lets the scripts see that there is another one.
    """
    private = settings.VAPID_PRIVATE_KEY
    session = salted_hmac("chatsite.web.push_session", request.session.session_key or "").hexdigest()[:16]
    key = public_key_of(private) if private else ""
    return {"key": key, "worker": reverse("web:push-worker"), "session": session}
