"""What a host site's server says of its visitor: a short-lived JWT, signed with a secret that we share with it.

Nothing of a token is believed before its signature has been checked against the secrets of the site that it names.
"""

from __future__ import annotations

import re
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
from chatsite.identity.claims import unauthenticated
from chatsite.widget.models import SigningSecret, WidgetSite

AUDIENCE: Final = "widget"
ALGORITHM: Final = "HS256"

MALFORMED: Final = "The token is not valid."
EXPIRED: Final = "The token has expired."
TOO_LONG: Final = "The token lives too long: exp may be at most 5 minutes ahead."
USED: Final = "The token has been used already."

# Every character is ASCII and every length is bounded before a decoder sees anything.
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST: Final = 4096  # characters
_REQUIRED: Final = ["iss", "aud", "sub", "exp", "jti"]
_BROKEN: Final = (jwt.PyJWTError, RecursionError, OverflowError, ValueError)

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Vouched(msgspec.Struct, frozen=True):
    """Who the host's server says its visitor is. `expires_at` is in seconds since the epoch."""

    subject: Id = msgspec.field(name="sub")
    token_id: Id = msgspec.field(name="jti")
    expires_at: int | float = msgspec.field(name="exp")
    name: str | None = None
    email: str | None = None


def read_token(token: str) -> tuple[WidgetSite, Vouched]:
    """The site that signed the token, and whom it vouches for; `unauthenticated` otherwise.

    A site that is unknown or disabled, and a signature by another's secret, read alike. What is wrong with a claim is
    told, since only who holds the secret gets that far.
    """
    if not isinstance(token, str) or len(token) > _LONGEST or not _SHAPE.fullmatch(token):
        raise unauthenticated(MALFORMED)
    site = _site_named_in(token)
    claims = _verified(token, site)
    try:
        vouched = msgspec.convert(claims, Vouched)
    except msgspec.ValidationError as error:
        raise unauthenticated(f"The token's claims are not right: {error}.") from error
    if vouched.expires_at - time.time() > settings.CHAT.widget_token_seconds + settings.CHAT.clock_leeway:
        raise unauthenticated(TOO_LONG)
    if "\x00" in vouched.subject or not _encodable(vouched.subject):
        raise unauthenticated("The token's sub has a character that cannot be stored.")
    return site, vouched


def _site_named_in(token: str) -> WidgetSite:
    try:
        issuer = UUID(jwt.decode(token, options={"verify_signature": False})["iss"])
    except (*_BROKEN, KeyError, TypeError, AttributeError) as error:
        raise unauthenticated(MALFORMED) from error
    site = WidgetSite.objects.select_related("business").filter(pk=issuer, enabled=True).first()
    if site is None:
        raise unauthenticated(MALFORMED)
    return site


def _verified(token: str, site: WidgetSite) -> dict[str, Any]:
    """The claims, once one of the site's live secrets has been found to sign them."""
    for secret in SigningSecret.objects.filter(site=site):
        try:
            return _decoded(token, secret.value)
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise unauthenticated(EXPIRED) from error
        except (jwt.InvalidAudienceError, jwt.MissingRequiredClaimError, jwt.ImmatureSignatureError) as error:
            raise unauthenticated(f"The token's claims are not right: {error}.") from error
        except _BROKEN as error:
            raise unauthenticated(MALFORMED) from error
    raise unauthenticated(MALFORMED)


def _decoded(token: str, secret: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        secret,
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        leeway=settings.CHAT.clock_leeway,
        options={"require": _REQUIRED, "strict_aud": True},
    )
    return claims


def _encodable(text: str) -> bool:
    return text.encode("utf-8", "replace").decode("utf-8") == text


@contextmanager
def used_once(site: WidgetSite, vouched: Vouched) -> Iterator[None]:
    """Use the token up for what happens inside, and give it back where that fails, so that a retry may bring it again.

    `unauthenticated` for a second use, `unavailable` where nobody can tell whether it is one.
    """
    digest = sha256(vouched.token_id.encode()).hexdigest()
    key = f"widget-token:{site.pk}:{digest}"
    kept = settings.CHAT.widget_token_seconds + 2 * settings.CHAT.clock_leeway + 60
    try:
        first_use = cache.add(key, 1, kept)
    except CACHE_AWAY as error:
        raise DomainError("unavailable", "Tokens cannot be used at the moment. Please retry.") from error
    if not first_use:
        raise unauthenticated(USED)
    try:
        yield
    except Exception:
        cache.delete(key)
        raise
