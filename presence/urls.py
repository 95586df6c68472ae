from django.urls import re_path

from presence.views import PresenceView

urlpatterns = [re_path(r"^presence/?$", PresenceView.as_view(), name="presence")]
