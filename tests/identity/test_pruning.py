"""The management command prune_logins."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from chatsite.identity import operations, pruning
from chatsite.identity.models import EndedLogin, UsedToken
from chatsite.identity.single_use import use_up


@pytest.fixture
def old_and_new(carol: User) -> None:
    """Create three logins that are due for deletion, and one that ended just now."""
    for _ in range(3):
        operations.end_login(refresh=operations.open_login(user_id=str(carol.pk)).refresh)
    past = timezone.now() - timedelta(seconds=1)
    EndedLogin.objects.update(expires_at=past)
    for number in range(3):
        use_up("ticket", f"old {number}", expires_at=past.timestamp())
    use_up("ticket", "new", expires_at=past.timestamp() + 60)
    OutstandingToken.objects.update(expires_at=past)
    operations.end_login(refresh=operations.open_login(user_id=str(carol.pk)).refresh)


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("prune_logins", *arguments, stdout=output)
    return output.getvalue()


def rows() -> list[int]:
    return [model.objects.count() for model in (EndedLogin, OutstandingToken, BlacklistedToken, UsedToken)]


def test_a_dry_run_only_counts(old_and_new: None) -> None:
    assert run("--dry-run") == "Would delete 3 ended logins, 3 refresh tokens and 3 used tickets.\n"
    assert rows() == [4, 4, 4, 4]


def test_expired_ones_are_removed_and_the_others_stay(
    old_and_new: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_BATCH", 2)
    assert run() == "Deleted 3 ended logins, 3 refresh tokens and 3 used tickets.\n"
    assert rows() == [1, 1, 1, 1]
    assert run() == "Deleted 0 ended logins, 0 refresh tokens and 0 used tickets.\n"
