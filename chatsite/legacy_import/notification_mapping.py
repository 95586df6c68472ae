"""What the rows that are no chat become: the notification's type, texts and link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from notifications import types

USUAL_TYPES: Final[dict[str, str]] = {
    "invitation": "team_invitation",
    "invite": "team_invitation",
    "team_invitation": "team_invitation",
    "team_invite": "team_invitation",
    "business_invitation": "team_invitation",
    "offer": "offer",
    "new_offer": "offer",
    "quote": "offer",
    "system": "system",
    "notification": "system",
    "notice": "system",
    "announcement": "system",
    "alert": "system",
}
OTHERWISE: Final = "system"
TITLE_LENGTH: Final = 200
URL_LENGTH: Final = 500
_LINKS: Final = ("actionUrl", "action_url", "url", "link", "href")


def notification_type(old: str, chosen: Mapping[str, str]) -> str:
    """The declared type for an old one: by `--type-map`, the usual names, or its own name; `system` otherwise."""
    if old in chosen:
        return chosen[old]
    found = USUAL_TYPES.get(old, old)
    return found if found in types.names() else OTHERWISE


def title_of(row_title: str, payload: Mapping[str, Any], content: str, old_type: str) -> str:
    """The title that the row has, its payload's, the content's first line, or the old type's name."""
    named = payload.get("title")
    first_line = next((line for line in content.splitlines() if line.strip()), "")
    for text in (row_title, named if isinstance(named, str) else "", first_line):
        if text.strip():
            return " ".join(text.split())[:TITLE_LENGTH]
    return old_type.replace("_", " ").capitalize()[:TITLE_LENGTH] or "Notification"


def action_url_of(payload: Mapping[str, Any]) -> str:
    """The payload's link if it is a path of this site or an https address; a link may lead nowhere else."""
    for name in _LINKS:
        url = payload.get(name)
        if isinstance(url, str) and len(url) <= URL_LENGTH and url.isprintable() and _is_safe(url):
            return url
    return ""


def _is_safe(url: str) -> bool:
    if url.startswith("/"):
        return not url.startswith("//") and "\\" not in url
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)
