"""Every address of the site."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from chatsite.http.slashes import add_slash
from chatsite.identity import browsable_login

admin.site.site_header = admin.site.site_title = "Business chat"
admin.site.index_title = "Administration"

urlpatterns = [
    re_path(rf"^{settings.ADMIN_PATH}(?:/.*)?(?<!/)$", add_slash, name="admin-slash"),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
    path(
        "api-auth/login/", browsable_login.SignIn.as_view(), name="sign-in"
    ),  # before the one of the same address that follows
    path("api-auth/", include("rest_framework.urls")),
    re_path(r"^api/schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("", include("chatsite.chat_urls")),
]

handler400 = "chatsite.web.error_pages.bad_request"
handler403 = "chatsite.web.error_pages.permission_denied"
handler404 = "chatsite.web.error_pages.not_found"
handler500 = "chatsite.web.error_pages.server_error"
