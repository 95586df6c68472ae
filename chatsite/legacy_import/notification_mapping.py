"""The type, title and link of the notification for a row that is not a chat message."""

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
    """Return the notification type for an old type: from `--type-map`, by the usual names, by its name, or `system`."""
    if old in chosen:
        return chosen[old]
    found = USUAL_TYPES.get(old, old)
    return found if found in types.names() else OTHERWISE


def title_of(row_title: str, payload: Mapping[str, Any], content: str, old_type: str) -> str:
    """Return the title of the row, of its payload, the first line of the content, or the name of the old type."""
    named = payload.get("title")
    first_line = next((line for line in content.splitlines() if line.strip()), "")
    for text in (row_title, named if isinstance(named, str) else "", first_line):
        if text.strip():
            return " ".join(text.split())[:TITLE_LENGTH]
    return old_type.replace("_", " ").capitalize()[:TITLE_LENGTH] or "Notification"


def action_url_of(payload: Mapping[str, Any]) -> str:
    """Return the link in the payload if it is a path of this site or an https address, and "" otherwise."""
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
