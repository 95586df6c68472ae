"""Who a socket belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec


@dataclass(frozen=True, slots=True)
class Identity:
    """A user by one login.

    `login_id` names the login (the family of rotated refresh tokens) and is empty for a session cookie, whose
    `session_key` is given instead. `expires_at` is when the access token ends, in seconds since the epoch; None for a
    cookie. `password_tag` is the token's: a changed password ends it.
    """

    user_id: str
    login_id: str
    expires_at: float | None
    source: Literal["token", "ticket", "cookie"] = "token"
    session_key: str = ""
    password_tag: str = ""


class Authenticate(msgspec.Struct):
    """`authenticate`: who the user is, if the handshake did not say; or a fresh token of the same user."""

    token: str


class Authenticated(msgspec.Struct, rename="camel"):
    """The answer to `authenticate`."""

    user_id: str
