"""The URLs of a site that gets mails from a provider. A test uses them as `ROOT_URLCONF`."""

from django.urls import include, path

urlpatterns = [path("mail/inbound/", include("anymail.urls"))]
