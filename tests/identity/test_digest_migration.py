"""The migration that replaces stored refresh tokens with their digests."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from importlib import import_module

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

digest_tokens = import_module("chatsite.identity.migrations.0002_digest_refresh_tokens").digest_tokens


def stored(user: User, jti: str, token: str) -> OutstandingToken:
    expires = timezone.now() + timedelta(days=1)
    return OutstandingToken.objects.create(user=user, jti=jti, token=token, expires_at=expires)


def test_clear_tokens_become_digests_and_digests_stay(db: None) -> None:
    user = User.objects.create_user("carol")
    clear = stored(user, "a", "head.claims.signature")
    digest = stored(user, "b", "0" * 64)
    for _ in range(2):  # an interrupted migration runs again
        digest_tokens(apps, connection.schema_editor())
        clear.refresh_from_db()
        digest.refresh_from_db()
        assert clear.token == sha256(b"head.claims.signature").hexdigest()
        assert digest.token == "0" * 64
