from django.contrib import admin
from django.urls import include, path
from people.views import enter

urlpatterns = [
    path("enter/", enter, name="enter"),
    path("backstage/", admin.site.urls),
    path("support/", include("chatsite.chat_urls")),
]
