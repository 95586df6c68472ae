"""Check the token by which a host site's server identifies its visitor.

The token is a short-lived JWT. The host signs it with a secret that it shares with this site. No claim is trusted
before the signature has been checked against the secrets of the widget that `iss` names.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

import jwt
import msgspec
from django.conf import settings
from django.core.cache import cache

from chatsite.errors import DomainError
from chatsite.identity.cache import CACHE_AWAY
from chatsite.identity.claims import EXPIRED, MALFORMED, is_compact_jwt, unauthenticated
from chatsite.widget.models import SigningSecret, WidgetSite

AUDIENCE: Final = "widget"
ALGORITHM: Final = "HS256"

TOO_LONG: Final = "The token expires too late: exp may be at most 5 minutes ahead."
USED: Final = "The token has been used already."

_REQUIRED: Final = ["iss", "aud", "sub", "exp", "jti"]
_DECODING_ERRORS: Final = (jwt.PyJWTError, RecursionError, OverflowError, ValueError)

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class HostClaims(msgspec.Struct, frozen=True):
    """The claims of the host's server about its visitor. `expires_at` is in seconds since the epoch."""

    subject: Id = msgspec.field(name="sub")
    token_id: Id = msgspec.field(name="jti")
    expires_at: int | float = msgspec.field(name="exp")
    name: str | None = None
    email: str | None = None


def read_host_token(token: str) -> tuple[WidgetSite, HostClaims]:
    """Return the widget that the token is for, and its claims, or raise `unauthenticated`.

    An unknown widget, a disabled one and a wrong signature all give the same error. Errors in a claim are described,
    because only the holder of the secret can cause them.
    """
    if not is_compact_jwt(token):
        raise unauthenticated(MALFORMED)
    site = _find_issuer(token)
    try:
        claims = msgspec.convert(_verify_signature(token, site), HostClaims)
    except msgspec.ValidationError as error:
        raise unauthenticated(f"The token's claims are not valid: {error}.") from error
    if claims.expires_at - time.time() > settings.CHAT.widget_token_seconds + settings.CHAT.clock_leeway:
        raise unauthenticated(TOO_LONG)
    if "\x00" in claims.subject or not _is_encodable(claims.subject):
        raise unauthenticated("The token's sub contains a character that cannot be stored.")
    return site, claims


def _find_issuer(token: str) -> WidgetSite:
    try:
        issuer = UUID(jwt.decode(token, options={"verify_signature": False})["iss"])
    except (*_DECODING_ERRORS, KeyError, TypeError, AttributeError) as error:
        raise unauthenticated(MALFORMED) from error
    site = WidgetSite.objects.select_related("business").filter(pk=issuer, enabled=True).first()
    if site is None:
        raise unauthenticated(MALFORMED)
    return site


def _verify_signature(token: str, site: WidgetSite) -> dict[str, Any]:
    """Return the claims if one of the widget's secrets has signed them."""
    for secret in SigningSecret.objects.filter(site=site):
        try:
            return _decode(token, secret.value)
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise unauthenticated(EXPIRED) from error
        except (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError, jwt.ImmatureSignatureError) as error:
            raise unauthenticated(f"The token's claims are not valid: {error}.") from error
        except _DECODING_ERRORS as error:
            raise unauthenticated(MALFORMED) from error
    raise unauthenticated(MALFORMED)


def _decode(token: str, secret: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        secret,
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        leeway=settings.CHAT.clock_leeway,
        options={"require": _REQUIRED, "strict_aud": True},
    )
    return claims


def _is_encodable(text: str) -> bool:
    return text.encode("utf-8", "replace").decode("utf-8") == text


@contextmanager
def use_once(site: WidgetSite, claims: HostClaims) -> Iterator[None]:
    """Mark the token as used. If the block fails, unmark it, so that the client may retry with the same token.

    Raise `unauthenticated` if the token was used before, and `unavailable` if the cache cannot be asked.
    """
    digest = sha256(claims.token_id.encode()).hexdigest()
    key = f"widget-token:{site.pk}:{digest}"
    remembered_seconds = settings.CHAT.widget_token_seconds + 2 * settings.CHAT.clock_leeway + 60
    try:
        first_use = cache.add(key, 1, remembered_seconds)
    except CACHE_AWAY as error:
        raise DomainError("unavailable", "Tokens cannot be checked at the moment. Please retry.") from error
    if not first_use:
        raise unauthenticated(USED)
    try:
        yield
    except Exception:
        cache.delete(key)
        raise
