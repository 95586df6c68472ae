"""Decide whether the sender of a mail is authentic, by the results of the mail server or provider (SPF, DKIM, DMARC).

The `From` of a mail proves nothing. The site's mail server adds `Authentication-Results` at the top (RFC 8601) with
the name in `MAIL_AUTHSERV_ID`. The sender may have written headers with other names, and those further down.
"""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Final

from django.conf import settings

from chatsite.config.domains import is_public_suffix

HEADER: Final = "Authentication-Results"
_COMMENT: Final = re.compile(r"\([^()]*\)")
_DOMAIN: Final = re.compile(r"\b(header\.d|header\.i|header\.from|smtp\.mailfrom)=\"?([^\s;\"]+)")


def is_authentic(message: EmailMessage, sender: str) -> bool:
    """Return whether the mail server has authenticated the domain of the sender's address."""
    name = settings.MAIL_AUTHSERV_ID.lower()
    written = [str(value) for value in message.get_all(HEADER, [])]
    if not name or not written:
        return False
    authserv, _, results = _COMMENT.sub(" ", written[0]).partition(";")
    if authserv.lower().split()[:1] != [name]:
        return False
    domain = sender.rpartition("@")[2]
    return any(_vouches(result.strip().lower(), domain) for result in results.split(";"))


def _vouches(result: str, domain: str) -> bool:
    method, _, rest = result.partition("=")
    if method.strip() not in ("dkim", "spf", "dmarc") or rest.split()[:1] != ["pass"]:
        return False
    named = {value.rpartition("@")[2].rstrip(".") for _, value in _DOMAIN.findall(rest)}
    return any(is_aligned(one, domain) for one in named)


def is_aligned(signed: str, domain: str) -> bool:
    """Return whether one domain is the other or its subdomain: mail.example signs for news.mail.example."""
    return signed == domain or (domain.endswith(f".{signed}") and not is_public_suffix(f".{signed}"))
