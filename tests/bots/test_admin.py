"""API keys in Django admin."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from chatsite.identity.models import ApiKey

pytestmark = pytest.mark.django_db


def test_revoking_keys_is_logged(client: Client) -> None:
    root = User.objects.create_superuser("root")
    client.force_login(root)
    columns = {"user": root, "name": "n"}
    live = ApiKey.objects.create(digest="1", hint="one", **columns)
    before = ApiKey.objects.create(digest="2", hint="two", revoked_at=timezone.now(), **columns)
    ApiKey.objects.create(digest="3", hint="three", **columns)
    chosen = {"action": "revoke", "_selected_action": [live.pk, before.pk]}
    client.post("/admin/identity/apikey/", chosen)
    revoked = ApiKey.objects.filter(revoked_at__isnull=False)
    assert set(revoked) == {live, before}
    assert revoked.get(pk=before.pk).revoked_at == before.revoked_at
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_id, entry.object_repr) == (root, str(live.pk), "one… (n)")
    assert entry.get_change_message() == "Revoked."
