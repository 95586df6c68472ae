"""No list of the admin counts or sorts all rows of a large table."""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.contrib import admin

from chatsite.http.admin_lists import BoundedAdmin

PROJECT: Final = {"chatsite", "conversations", "notifications", "presence"}


def test_every_list_of_the_project_is_bounded() -> None:
    projects = [model for model in apps.get_models() if model.__module__.split(".")[0] in PROJECT]
    registered = [admin.site.get_model_admin(model) for model in projects if admin.site.is_registered(model)]
    assert len(registered) > 20
    assert [one for one in registered if not isinstance(one, BoundedAdmin)] == []
