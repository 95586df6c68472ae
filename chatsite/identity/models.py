from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class EndedLogin(models.Model):
    """A login that is over before its time: none of its tokens opens anything any more.

    A login is the family of tokens that began with one password; all of them carry its id as their `login` claim. The
    row matters for as long as one of them could still be in date, and `prune_logins` deletes it after `expires_at`.
    """

    login_id = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    ended_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.login_id)
