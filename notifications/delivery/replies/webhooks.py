"""Mails that a provider hands over by a webhook of django-anymail.

The provider checks the sender. Where it writes what it found in a form of its own, it is read here; the others write
`Authentication-Results`.
"""

from __future__ import annotations

from typing import Any

from anymail.signals import inbound

from notifications.delivery.replies.receiving import receive_mail


def take_inbound(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
    """Raises where the database is away: the provider then tries again."""
    message = event.message
    envelope = [message.envelope_recipient] if message.envelope_recipient else []
    receive_mail(message.as_bytes(), envelope=envelope, authentic=_authentic(event, esp_name))


def _authentic(event: Any, esp_name: str) -> bool | None:
    """What the provider found out about the sender, or None where `Authentication-Results` says it."""
    if esp_name == "Mailgun":  # these headers are Mailgun's: it removes those of the sender
        found = (event.message.get("X-Mailgun-Dkim-Check-Result"), event.message.get("X-Mailgun-Spf"))
        return found == ("Pass", "Pass")
    return None


inbound.connect(take_inbound)
