"""The web page: server-rendered first screens, and the modules that take them over."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "chatsite.web"
    label = "web"
