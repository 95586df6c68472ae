"""The settings of notices to people who are away: push, mail, and the answers to mails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chatsite.config.env import Environment


class AwaySettings(NamedTuple):
    """In the order in which `chatsite.settings` names them."""

    site_url: str
    push_after_seconds: float
    mail_after_seconds: float
    vapid_private_key: str  # `manage.py vapid_keys` makes one
    vapid_subject: str  # where a push service can complain: mailto: or https:
    sends_mail: bool
    from_email: str
    reply_address: str  # such as reply@chat.example: answers come to reply+TOKEN@chat.example
    authserv_id: str  # the name under which our mail server writes Authentication-Results


def away_settings(
    env: Environment, allowed_hosts: Sequence[str], root_path: str, *, debug: bool
) -> AwaySettings:
    site = env.origin("SITE_URL", default=_usual_site(env, allowed_hosts, debug=debug))
    return AwaySettings(
        site + root_path,
        env.number("PUSH_AFTER_SECONDS", 10),
        env.number("MAIL_AFTER_SECONDS", 600),
        env.vapid_key("VAPID_PRIVATE_KEY"),
        env.text("VAPID_SUBJECT", site),
        bool(env.text("EMAIL_URL")),
        env.text("EMAIL_FROM", f"chat@{urlsplit(site).hostname or 'localhost'}"),
        env.text("MAIL_REPLY_ADDRESS"),
        env.text("MAIL_AUTHSERV_ID"),
    )


def _usual_site(env: Environment, allowed_hosts: Sequence[str], *, debug: bool) -> str:
    if debug:
        return f"http://127.0.0.1:{env.text('PORT', '8000')}"  # where `make run` serves
    return f"https://{allowed_hosts[0]}" if allowed_hosts else ""


def mail_backend(env: Environment) -> dict[str, Any]:
    """EMAIL_BACKEND and what the backend reads, by the names of Django's settings."""
    mail = env.mail("EMAIL_URL")
    secret = env.text("MAIL_WEBHOOK_SECRET")  # USER:PASSWORD of the provider's webhooks
    return {**mail, "ANYMAIL": {**mail.get("ANYMAIL", {}), "WEBHOOK_SECRET": secret}} if secret else mail
