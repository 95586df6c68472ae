"""Addresses of this site in pushes and mails. None of them signs anybody in."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.urls import NoReverseMatch, reverse


def conversation_path(conversation_id: UUID) -> str:
    """The page of the conversation; the front page where a host project shows no pages of ours."""
    try:
        return reverse("web:conversation", args=[str(conversation_id)])
    except NoReverseMatch:
        return "/"


def site_url(path: str) -> str:
    return f"{settings.SITE_URL.rstrip('/')}{path}"
