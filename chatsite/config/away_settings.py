"""The settings of notices to people who are away: push, mail, and the answers to mails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from chatsite.config.env import Environment


def away_settings(env: Environment, allowed_hosts: Sequence[str], root_path: str) -> dict[str, Any]:
    """By the names of Django's settings."""
    site = env.origin("SITE_URL", default=f"https://{allowed_hosts[0]}" if allowed_hosts else "")
    return {
        "SITE_URL": site + root_path,
        "PUSH_AFTER_SECONDS": env.number("PUSH_AFTER_SECONDS", 10),
        "MAIL_AFTER_SECONDS": env.number("MAIL_AFTER_SECONDS", 600),
        "VAPID_PRIVATE_KEY": env.vapid_key("VAPID_PRIVATE_KEY"),  # `manage.py vapid_keys` makes one
        # Where a push service can complain: mailto: or https:
        "VAPID_SUBJECT": env.text("VAPID_SUBJECT", site),
        "CHAT_SENDS_MAIL": bool(env.text("EMAIL_URL")),
        "DEFAULT_FROM_EMAIL": env.text("EMAIL_FROM", f"chat@{urlsplit(site).hostname or 'localhost'}"),
        # Such as reply@chat.example: answers come to reply+TOKEN@chat.example
        "MAIL_REPLY_ADDRESS": env.text("MAIL_REPLY_ADDRESS"),
        # The name under which our mail server writes Authentication-Results
        "MAIL_AUTHSERV_ID": env.text("MAIL_AUTHSERV_ID"),
        **env.mail("EMAIL_URL"),  # EMAIL_BACKEND and what the backend reads
    }
