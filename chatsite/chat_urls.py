"""The addresses of the chat, which a host project includes under its own prefix."""

from __future__ import annotations

from django.urls import include, path, re_path

from chatsite.realtime.asyncapi import live_document

urlpatterns = [
    path("", include("chatsite.web.urls")),
    path("", include("chatsite.widget.page_urls")),
    re_path(r"^api/asyncapi\.json$", live_document, name="asyncapi"),
    path("auth/", include("chatsite.identity.urls")),
    path("widget/", include("chatsite.widget.urls")),
    path("", include("conversations.urls")),
    path("", include("presence.urls")),
    path("", include("notifications.urls")),
]
