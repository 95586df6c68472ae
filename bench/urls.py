"""The site's URLs, and the plain view that the history section compares with."""

from __future__ import annotations

from django.urls import path

from bench.plain_view import PlainMessages
from chatsite.urls import handler404, handler500
from chatsite.urls import urlpatterns as site_patterns

__all__ = ["handler404", "handler500", "urlpatterns"]

urlpatterns = [path("bench/messages/<uuid:pk>", PlainMessages.as_view()), *site_patterns]
