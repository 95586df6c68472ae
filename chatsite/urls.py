"""Every address of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from chatsite import health, pages

urlpatterns = [
    path("", pages.index, name="index"),
    path("admin/", admin.site.urls),
    path("api-auth/", include("rest_framework.urls")),
    re_path(r"^api/schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    re_path(r"^healthz/?$", health.healthz, name="healthz"),
    re_path(r"^readyz/?$", health.readyz, name="readyz"),
    path("auth/", include("chatsite.identity.urls")),
    path("", include("conversations.urls")),
    path("", include("presence.urls")),
    path("", include("notifications.urls")),
]

handler404 = "chatsite.health.not_found"
handler500 = "chatsite.health.server_error"
