"""Encrypt the content of a push for one browser (RFC 8291, with the coding `aes128gcm` of RFC 8188).

The push service passes it on and cannot read it.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_SIZE: Final = 4096  # every push service accepts this much
MOST_BYTES: Final = 3000  # of the plain content
LAST_RECORD: Final = b"\x02"


def public_key(raw: bytes) -> EllipticCurvePublicKey:
    """Return a browser's key, `p256dh`. Raises `ValueError` if it is not a point on the curve."""
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)


def raw_public_key(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encrypt(
    content: bytes,
    *,
    browser_key: bytes,
    auth_secret: bytes,
    salt: bytes | None = None,
    own_key: EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return the body of the request. A test passes the `salt` and the `own_key` of the RFC's example."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"a push can have at most {MOST_BYTES} bytes")
    salt = salt or os.urandom(16)
    own = own_key or generate_private_key(SECP256R1())
    own_public = raw_public_key(own.public_key())
    shared = own.exchange(ECDH(), public_key(browser_key))
    secret = _derive(shared, auth_secret, b"WebPush: info\x00" + browser_key + own_public, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\x00", 12)
    header = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(own_public)]) + own_public
    return header + AESGCM(key).encrypt(nonce, content + LAST_RECORD, None)


def _derive(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)
