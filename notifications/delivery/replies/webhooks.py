"""Mails that a provider delivers by a webhook of django-anymail.

The provider checks the sender. This module reads results in a provider's own format. The other providers write
`Authentication-Results`.
"""

from __future__ import annotations

from typing import Any

from anymail.signals import inbound

from notifications.delivery.replies.receiving import receive_mail


def take_inbound(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
    """Process a mail. Raises if the database is down, so that the provider tries again."""
    message = event.message
    envelope = [message.envelope_recipient] if message.envelope_recipient else []
    receive_mail(message.as_bytes(), envelope=envelope, authentic=_authentic(event, esp_name))


def _authentic(event: Any, esp_name: str) -> bool | None:
    """The provider's result about the sender, or None if it is in `Authentication-Results`."""
    if esp_name == "Mailgun":  # Mailgun writes these headers, and removes those of the sender
        found = (event.message.get("X-Mailgun-Dkim-Check-Result"), event.message.get("X-Mailgun-Spf"))
        return found == ("Pass", "Pass")
    return None


inbound.connect(take_inbound)
