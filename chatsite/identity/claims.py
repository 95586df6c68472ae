"""Read the claims of this site's tokens, after checking signature, algorithm and expiry. Uses no database."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, TypeGuard
from uuid import UUID

import msgspec
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken
from rest_framework_simplejwt.state import token_backend

from chatsite.errors import DomainError
from chatsite.identity.password_tags import CLAIM

TokenType = Literal["access", "refresh"]

MALFORMED: Final = "The token is not valid."
EXPIRED: Final = "The token has expired."

_COMPACT_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST_JWT: Final = 4096  # characters

_CACHE_SIZE: Final = 4096
_cache: dict[bytes, Claims] = {}  # by the token's digest


# The library annotates its parameter with a class, but takes the text.
_decode: Callable[[str], dict[str, Any]] = token_backend.decode  # type: ignore[assignment]


class Claims(msgspec.Struct, frozen=True):
    """The claims that the site reads. `expires_at` is in seconds since the epoch."""

    user_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | int
    login_id: UUID = msgspec.field(name="login")
    token_type: TokenType
    token_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = msgspec.field(name="jti")
    expires_at: Annotated[int, msgspec.Meta(ge=0, le=2**40)] = msgspec.field(name="exp")
    # Older tokens have no such claim. An empty tag matches no password, so they have ended.
    password_tag: Annotated[str, msgspec.Meta(max_length=64)] = msgspec.field(name=CLAIM, default="")


def is_compact_jwt(token: object) -> TypeGuard[str]:
    """Return whether the value is shaped like a JWT: ASCII, three parts, not too long. Check this before decoding."""
    return isinstance(token, str) and len(token) <= _LONGEST_JWT and bool(_COMPACT_JWT.fullmatch(token))


def read_claims(token: str, *accepted: TokenType, cache: bool = True) -> Claims:
    """Return the claims of a token of one of the accepted types, or raise `DomainError` "unauthenticated".

    Pass `cache=False` for a token that the client sends only once, as a socket does.

    Only the algorithm of the settings is accepted; the token's header cannot choose another.
    """
    if not is_compact_jwt(token):
        raise unauthenticated(MALFORMED)
    claims = _cached_claims(token) if cache else _decode_claims(token)
    if claims.expires_at <= time.time():
        raise unauthenticated(EXPIRED)  # a cached token may have expired since its signature was checked
    if claims.token_type not in accepted:
        raise unauthenticated(MALFORMED)
    return claims


def _cached_claims(token: str) -> Claims:
    """Decode the token once. A client sends the same token for 15 minutes, and its claims do not change."""
    digest = sha256(token.encode()).digest()  # a tenth of the token's memory, and useless to a thief
    claims = _cache.get(digest)
    if claims is None:
        claims = _decode_claims(token)
        if len(_cache) >= _CACHE_SIZE:
            _cache.clear()
        _cache[digest] = claims
    return claims


def _decode_claims(token: str) -> Claims:
    try:
        return msgspec.convert(_verify_signature(token), Claims)
    except msgspec.ValidationError as error:
        raise unauthenticated(MALFORMED) from error


def _verify_signature(token: str) -> dict[str, Any]:
    try:
        return _decode(token)
    except TokenBackendExpiredToken as error:
        raise unauthenticated(EXPIRED) from error
    except (TokenBackendError, RecursionError, OverflowError) as error:
        # PyJWT parses the header before it checks the signature, so anybody can nest the header deeply. Some
        # releases of PyJWT let RecursionError and OverflowError through.
        raise unauthenticated(MALFORMED) from error


def unauthenticated(message: str) -> DomainError:
    return DomainError("unauthenticated", message)
