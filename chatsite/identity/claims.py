"""What a token says, once its signature, its algorithm and its end have been checked. No database here."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken
from rest_framework_simplejwt.state import token_backend

from chatsite.errors import DomainError
from chatsite.identity.password_tags import CLAIM

TokenType = Literal["access", "refresh"]

MALFORMED: Final = "The token is not valid."
EXPIRED: Final = "The token has expired."

# Every character is ASCII and every length is bounded before a decoder sees anything.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST = 4096  # characters

_MOST_KNOWN = 4096
_known: dict[bytes, Claims] = {}  # by the token's digest


# The library annotates its parameter with a class, but takes the text.
_decode: Callable[[str], dict[str, Any]] = token_backend.decode  # type: ignore[assignment]


class Claims(msgspec.Struct, frozen=True):
    """The claims that the site reads. `expires_at` is in seconds since the epoch."""

    user_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | int
    login_id: UUID = msgspec.field(name="login")
    token_type: TokenType
    token_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = msgspec.field(name="jti")
    expires_at: Annotated[int, msgspec.Meta(ge=0, le=2**40)] = msgspec.field(name="exp")
    # Empty in tokens of before the claim, which match no password and so have ended.
    password_tag: Annotated[str, msgspec.Meta(max_length=64)] = msgspec.field(name=CLAIM, default="")


def read_claims(token: str, *accepted: TokenType, again: bool = True) -> Claims:
    """The claims of a token of one of the accepted types, or `DomainError` "unauthenticated".

    `again`: whether it will be shown again, as with each request; a socket shows it once.

    Only the one algorithm of the settings is accepted, whatever the token's header asks for.
    """
    if not isinstance(token, str) or len(token) > _LONGEST or not _SHAPE.fullmatch(token):
        raise unauthenticated(MALFORMED)
    claims = _known_claims(token) if again else _claims_of(token)
    if claims.expires_at <= time.time():
        raise unauthenticated(EXPIRED)  # it was good when its signature was checked
    if claims.token_type not in accepted:
        raise unauthenticated(MALFORMED)
    return claims


def _known_claims(token: str) -> Claims:
    """A client shows the same token for a quarter of an hour; what it says and who signed it does not change."""
    digest = sha256(token.encode()).digest()  # a tenth of the token's memory, and nothing to steal
    claims = _known.get(digest)
    if claims is None:
        claims = _claims_of(token)
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[digest] = claims
    return claims


def _claims_of(token: str) -> Claims:
    try:
        return msgspec.convert(_verified(token), Claims)
    except msgspec.ValidationError as error:
        raise unauthenticated(MALFORMED) from error


def _verified(token: str) -> dict[str, Any]:
    try:
        return _decode(token)
    except TokenBackendExpiredToken as error:
        raise unauthenticated(EXPIRED) from error
    except (TokenBackendError, RecursionError, OverflowError) as error:
        # The header is parsed before the signature can be checked, so its depth is anybody's choice; not every
        # release of PyJWT turns the last two into an error of its own.
        raise unauthenticated(MALFORMED) from error


def unauthenticated(message: str) -> DomainError:
    return DomainError("unauthenticated", message)
