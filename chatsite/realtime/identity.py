"""The user and the login that a socket belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, and the login by which the user is known.

    `login_id` is the id of a token login. A cookie session has a `session_key` instead. `expires_at` is the expiry of
    the access token in seconds since the epoch; None for a cookie. `password_tag` comes from the token, which ends when
    the password changes.
    """

    user_id: str
    login_id: str
    expires_at: float | None
    source: Literal["token", "ticket", "cookie"] = "token"
    session_key: str = ""
    password_tag: str = ""


class Authenticate(msgspec.Struct):
    """`authenticate`: the access token of a socket that connected without one, or a new token of the same user."""

    token: str


class Authenticated(msgspec.Struct, rename="camel"):
    """The answer to `authenticate`."""

    user_id: str
