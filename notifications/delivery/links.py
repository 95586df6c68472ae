"""Addresses of this site in pushes and mails. None of them signs a person in."""

from __future__ import annotations

from uuid import UUID

from django.urls import NoReverseMatch, reverse


def conversation_path(conversation_id: UUID) -> str:
    """Return the page of the conversation; the front page if a host project serves no pages of the chat."""
    return _path("web:conversation", str(conversation_id))


def invitation_path(token: str) -> str:
    """The page that shows an invitation to whoever has got it by mail."""
    return reverse("web:invitation", args=[token])


def has_pages() -> bool:
    """Whether the site serves the chat's pages. A host project may leave them out."""
    return settings_path() != "/"


def settings_path() -> str:
    """Return the page of the notification settings; the front page if a host project serves no pages of the chat."""
    return _path("web:notification-settings")


def _path(name: str, *given: str) -> str:
    try:
        return reverse(name, args=given)
    except NoReverseMatch:
        return "/"
