"""The addresses of a site whose mails a provider hands over: `ROOT_URLCONF` for a test."""

from django.urls import include, path

urlpatterns = [path("mail/inbound/", include("anymail.urls"))]
