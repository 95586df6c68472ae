"""Create the secrets of endpoints, encrypt them for the database, and sign with them.

A secret is `whsec_` and 32 random bytes in base64, as Standard Webhooks wants it. The database has it encrypted with a
key that comes from SECRET_KEY. After SECRET_KEY has changed, SECRET_KEY_FALLBACKS still decrypts it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

PREFIX: Final = "whsec_"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def encrypted(secret: str) -> str:
    return _cipher().encrypt(secret.encode()).decode()


def decrypted(stored: str) -> str | None:
    """Decrypt the secret. Return None if SECRET_KEY has changed and no fallback fits."""
    try:
        return _cipher().decrypt(stored.encode()).decode()
    except InvalidToken:
        return None


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    digest = salted_hmac("notifications.webhooks.secrets", b"", secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)


def signature(secret: str, webhook_id: str, at: datetime, body: bytes) -> str:
    """Return the signature `v1,…` of id, time and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{webhook_id}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
