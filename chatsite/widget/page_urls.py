"""The pages on which the owners of a business set up its widget."""

from django.urls import re_path

from chatsite.widget import settings_page

app_name = "widget_pages"

urlpatterns = [
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/widget/?$", settings_page.widget_settings, name="settings"
    ),
]
