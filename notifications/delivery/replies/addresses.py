"""The reply addresses of mails: one for each person and conversation.

The part after the `+` names both and is signed, so that nobody can create one for somebody else. The sender's
address must also be the person's.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from conversations.access import UserId

SIGNATURE_BYTES: Final = 10
SALT: Final = b"reply address"


def reply_address(user: Any, conversation_id: UUID) -> str:
    """Return the address for the person's answers in the conversation, or "" if the site takes no answers."""
    local, _, domain = settings.MAIL_REPLY_ADDRESS.partition("@")
    return f"{local}+{token_of(user.pk, conversation_id)}@{domain}" if domain else ""


def token_of(user_id: UserId, conversation_id: UUID) -> str:
    """Return a token in lower case, because a mail program may change the case."""
    text = str(user_id).encode()
    payload = conversation_id.bytes + text
    return base64.b32encode(payload + _signature(payload)).rstrip(b"=").decode().lower()


def read_token(token: str) -> tuple[str, UUID] | None:
    """Return the user's wire id and the conversation's id, or None if the site has not signed the token."""
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        raw = base64.b32decode(padded)
    except ValueError:
        return None
    payload, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if len(payload) <= 16 or not hmac.compare_digest(signature, _signature(payload)):
        return None
    return payload[16:].decode(errors="replace"), UUID(bytes=payload[:16])


def _signature(payload: bytes) -> bytes:
    return hmac.new(settings.SECRET_KEY.encode(), SALT + payload, "sha256").digest()[:SIGNATURE_BYTES]
