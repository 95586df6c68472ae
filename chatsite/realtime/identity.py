"""Who a socket belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
