"""The URLs of a site that gets mails from a provider. A test uses them as `ROOT_URLCONF`."""

from django.urls import include, path

from chatsite.urls import urlpatterns as of_the_site

urlpatterns = [path("mail/inbound/", include("anymail.urls")), *of_the_site]
