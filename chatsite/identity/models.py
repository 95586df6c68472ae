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


class RehashedPassword(models.Model):
    """A password that was hashed again at a login, because the site's hasher has changed.

    It is the same password, so tokens with the tag of the old hash stay valid. `prune_logins` deletes the row after the
    last of these tokens has expired.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    old_tag = models.CharField(max_length=64)
    new_tag = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.old_tag} is {self.new_tag}"


class UsedToken(models.Model):
    """A ticket, or a token of a widget's host, that has been used. `digest` is of its kind and id, never of its secret.

    The row is needed until the token expires; `prune_logins` deletes it after `expires_at`.
    """

    digest = models.CharField(primary_key=True, max_length=64, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest


class ApiKey(models.Model):
    """A key by which a program acts as one user. `digest` is of the whole key, which is shown once."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=20, editable=False)  # how the key begins
    name = models.CharField(max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)  # to the minute
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.hint}… ({self.name})"
