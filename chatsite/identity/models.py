from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class EndedLogin(models.Model):
    """A login that ended before its tokens expired. Its tokens are no longer accepted.

    A login is all tokens that descend from one password check. Each has the login's id in its `login` claim. The row is
    needed until the last of these tokens expires; `prune_logins` deletes it after `expires_at`.
    """

    login_id = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    ended_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.login_id)
