"""Mails that a provider delivers by a webhook of django-anymail.

The provider checks the sender. This module reads results in a provider's own format. The other providers write
`Authentication-Results`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from anymail.signals import inbound

from notifications.delivery.replies.authenticity import is_aligned
from notifications.delivery.replies.reading import addresses
from notifications.delivery.replies.receiving import receive_mail

_VERIFIED: Final = re.compile(r"@([^\s:@]+)\s*:\s*pass\b", re.IGNORECASE)


def take_inbound(sender: Any, event: Any, esp_name: str, **_: Any) -> None:
    """Process a mail. Raises if the database is down, so that the provider tries again."""
    message = event.message
    envelope = [message.envelope_recipient] if message.envelope_recipient else []
    receive_mail(message.as_bytes(), envelope=envelope, authentic=_authentic(event, esp_name))


def _authentic(event: Any, esp_name: str) -> bool | None:
    """Return the provider's result about the sender, or None if it is in `Authentication-Results`.

    A domain has to vouch for its own addresses: anybody can sign a mail with a domain of their own.
    """
    message = event.message
    if esp_name == "Mailgun":  # Mailgun writes these headers, and removes those of the sender
        signed_by = [_signing_domain(str(value)) for value in message.get_all("DKIM-Signature", [])]
        dkim = signed_by if message.get("X-Mailgun-Dkim-Check-Result") == "Pass" else []
        return _vouch(message, message.get("X-Mailgun-Spf") == "Pass", dkim)
    form = getattr(event.esp_event, "POST", {}) if esp_name == "SendGrid" else {}
    if "SPF" in form or "dkim" in form:
        dkim = _VERIFIED.findall(form.get("dkim", ""))
        return _vouch(message, form.get("SPF", "").strip().lower() == "pass", dkim, each=False)
    return None


def _signing_domain(signature: str) -> str:
    """Return the tag `d` of a signature, or "" if it has none or several (RFC 6376, 3.2 and 3.5)."""
    tags = [tag.partition("=") for tag in signature.split(";")]
    domains = ["".join(value.split()) for name, _, value in tags if name.strip() == "d"]
    return domains[0] if len(domains) == 1 else ""


def _vouch(message: Any, spf: bool, dkim: Collection[str], *, each: bool = True) -> bool:
    """Return whether SPF passed for the domain of the sender, or DKIM for one of these domains.

    With `each`, it is not known for which of them DKIM passed, so all must be the sender's.
    """
    domain = "".join(addresses(message, "From")[:1]).rpartition("@")[2]
    envelope = str(message.envelope_sender or "").lower().rpartition("@")[2]
    if spf and is_aligned(envelope, domain):
        return True
    aligned = [is_aligned(one.lower(), domain) for one in dkim]
    return bool(aligned) and (all if each else any)(aligned)


inbound.connect(take_inbound)
