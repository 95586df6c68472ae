"""Take the pages of refresh tokens, which Simple JWT registers, out of Django admin."""

from __future__ import annotations

from django.contrib import admin
from rest_framework_simplejwt.token_blacklist import admin as registers  # noqa: F401  before they are taken out
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

for model in (BlacklistedToken, OutstandingToken):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
