"""VAPID (RFC 8292): the key with which this site identifies itself to push services."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from django.conf import settings

from notifications.delivery.push import base64url
from notifications.delivery.push.encryption import raw_public_key

LASTS: Final = timedelta(hours=12)  # push services accept at most 24 hours


def new_private_key() -> str:
    """Create a private key for the setting `VAPID_PRIVATE_KEY`."""
    key = generate_private_key(SECP256R1())
    return base64url.encode(key.private_numbers().private_value.to_bytes(32, "big"))


def public_key_of(private_key: str) -> str:
    """Return the public key, which browsers need to subscribe."""
    return base64url.encode(raw_public_key(_load(private_key).public_key()))


def authorization(endpoint: str, now: datetime) -> str:
    """Return the `Authorization` header of a request to the endpoint's push service."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + LASTS).timestamp()),
        "sub": settings.VAPID_SUBJECT,
    }
    private_key = settings.VAPID_PRIVATE_KEY
    token = jwt.encode(claims, _load(private_key), algorithm="ES256")
    return f"vapid t={token}, k={public_key_of(private_key)}"


@cache
def _load(private_key: str) -> EllipticCurvePrivateKey:
    """Load the key. Raises `ValueError` for a text that is not a key."""
    raw = base64url.decode(private_key)
    if len(raw) != 32:
        raise ValueError("a VAPID private key has 32 bytes")
    return derive_private_key(int.from_bytes(raw, "big"), SECP256R1())
