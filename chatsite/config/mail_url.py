"""Django's mail settings from one URL.

`smtp://USER:PASSWORD@HOST:PORT` uses STARTTLS if there is a password, `smtps://` speaks TLS from the first byte,
`console:` prints mails, and the name of a provider of django-anymail with its key uses the provider's API, such as
`mailgun://KEY@DOMAIN` or `postmark://TOKEN`.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

SECONDS: Final = 20  # for one exchange with the mail server
# By scheme: the backend of django-anymail, and the name of its setting for the key.
PROVIDERS: Final = {
    "brevo": ("brevo", "BREVO_API_KEY"),
    "mailersend": ("mailersend", "MAILERSEND_API_TOKEN"),
    "mailgun": ("mailgun", "MAILGUN_API_KEY"),
    "mandrill": ("mandrill", "MANDRILL_API_KEY"),
    "postmark": ("postmark", "POSTMARK_SERVER_TOKEN"),
    "resend": ("resend", "RESEND_API_KEY"),
    "sendgrid": ("sendgrid", "SENDGRID_API_KEY"),
    "sparkpost": ("sparkpost", "SPARKPOST_API_KEY"),
}


def mail_settings(url: str) -> dict[str, Any]:
    """Raises `ValueError` for a URL that cannot be understood."""
    parts = urlsplit(url)
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        options = parse_qs(parts.query)
        starttls = options.get("starttls", ["1" if password else "0"])[-1] not in ("0", "false", "no")
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587 if password else 25),
            "EMAIL_HOST_USER": user,
            "EMAIL_HOST_PASSWORD": password,
            "EMAIL_USE_SSL": parts.scheme == "smtps",
            "EMAIL_USE_TLS": parts.scheme == "smtp" and starttls,
            "EMAIL_TIMEOUT": SECONDS,
        }
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme in PROVIDERS and (key := parts.username or parts.hostname):
        module, name = PROVIDERS[parts.scheme]
        anymail: dict[str, Any] = {name: unquote(parts.netloc.rpartition("@")[0] or parts.netloc) or key}
        if parts.scheme == "mailgun" and parts.username and parts.hostname:
            anymail["MAILGUN_SENDER_DOMAIN"] = parts.hostname
        anymail["REQUESTS_TIMEOUT"] = SECONDS
        return {"EMAIL_BACKEND": f"anymail.backends.{module}.EmailBackend", "ANYMAIL": anymail}
    raise ValueError(url)
