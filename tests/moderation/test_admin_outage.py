"""A search in the admin that loses the database is not reported as too slow."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.contrib import admin
from django.db import OperationalError
from django.test import RequestFactory

from chatsite.http.admin_lists import BoundedAdmin
from conversations.models import Conversation

pytestmark = pytest.mark.django_db


def test_a_lost_database_is_not_a_slow_search() -> None:
    request = RequestFactory().get("/", {"q": "hello"})
    lost = OperationalError("server closed the connection unexpectedly")
    with (
        patch.object(admin.ModelAdmin, "changelist_view", side_effect=lost),
        pytest.raises(OperationalError, match="closed the connection"),
    ):
        BoundedAdmin(Conversation, admin.site).changelist_view(request)
