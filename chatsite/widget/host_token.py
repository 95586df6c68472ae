"""Check the token by which a host site's server identifies its visitor.

The token is a short-lived JWT. The host signs it with a secret that it shares with this site. No claim is trusted
before the signature has been checked against the secrets of the widget that `iss` names.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Final
from uuid import UUID

import jwt
import msgspec
from django.conf import settings

from chatsite.identity import single_use
from chatsite.identity.claims import EXPIRED, MALFORMED, is_compact_jwt, unauthenticated
from chatsite.widget.models import SigningSecret, WidgetSite

AUDIENCE: Final = "widget"
ALGORITHM: Final = "HS256"

TOO_LONG: Final = "The token expires too late: exp may be at most 5 minutes ahead."
USED: Final = "The token has been used already."

_MARGIN: Final = 60  # seconds for which a used token is remembered after its expiry, for clocks that differ
_REQUIRED: Final = ["iss", "aud", "sub", "exp", "jti"]
_DECODING_ERRORS: Final = (jwt.PyJWTError, RecursionError, OverflowError, ValueError)

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


Value = str | int | float | bool | None

MOST_ATTRIBUTES: Final = 30
NAME_LENGTH: Final = 60
VALUE_LENGTH: Final = 300


class HostClaims(msgspec.Struct, frozen=True):
    """The claims of the host's server about its visitor. `expires_at` is in seconds since the epoch.

    Members see the `attributes`. Without the claim, those of an earlier token stay.
    """

    subject: Id = msgspec.field(name="sub")
    token_id: Id = msgspec.field(name="jti")
    expires_at: int | float = msgspec.field(name="exp")
    name: str | None = None
    email: str | None = None
    attributes: dict[str, Value] | None = None


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
    for name, value in (("sub", claims.subject), ("jti", claims.token_id)):
        if not is_storable(value):
            raise unauthenticated(f"The token's {name} contains a character that cannot be stored.")
    _check_attributes(claims.attributes or {})
    return site, claims


def _check_attributes(attributes: dict[str, Value]) -> None:
    if len(attributes) > MOST_ATTRIBUTES:
        raise unauthenticated(f"The token may have at most {MOST_ATTRIBUTES} attributes.")
    for name, text in attribute_lines(attributes):
        if not name.strip() or len(name) > NAME_LENGTH or len(text) > VALUE_LENGTH:
            raise unauthenticated(
                f"The name of an attribute has 1 to {NAME_LENGTH} characters, and its value at most {VALUE_LENGTH}."
            )
        if not is_storable(name) or not is_storable(text):
            raise unauthenticated("An attribute contains a character that cannot be stored.")


def attribute_lines(attributes: dict[str, Value]) -> list[list[str]]:
    """Return the attributes as texts, in their order. One whose value is null is left out."""
    texts = {True: "true", False: "false"}
    return [
        [name, texts[value] if isinstance(value, bool) else str(value)]
        for name, value in attributes.items()
        if value is not None
    ]


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


def is_storable(text: str) -> bool:
    """Return whether a database can store the text: JSON can hold NUL and halves of surrogate pairs."""
    return "\x00" not in text and text.encode("utf-8", "replace").decode("utf-8") == text


def use_up(site: WidgetSite, claims: HostClaims) -> None:
    """Mark the token as used, or raise `unauthenticated` if it was used before.

    Call this in the transaction that signs the visitor in. If that fails, the client may retry with the same token.
    """
    expires_at = claims.expires_at + settings.CHAT.clock_leeway + _MARGIN
    if not single_use.use_up(f"widget-token:{site.pk}", claims.token_id, expires_at=expires_at):
        raise unauthenticated(USED)
