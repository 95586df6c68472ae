"""The user and the login that a socket belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from chatsite.errors import DomainError

ANOTHER_USER: Final = "Another user has signed in in this browser."


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, and the login by which the user is known.

    `login_id` is the id of a token login. A cookie session has a `session_key` instead. `expires_at` is the expiry of
    the access token in seconds since the epoch; None for a cookie. `password_tag` comes from the token, which ends when
    the password changes. An API key has neither login nor session: `key_id` names it, and `scopes` says what it may do.
    `scopes` is None for everything that the user may do.
    """

    user_id: str
    login_id: str
    expires_at: float | None
    source: Literal["token", "ticket", "cookie", "key"] = "token"
    session_key: str = ""
    password_tag: str = ""
    key_id: str = ""
    scopes: frozenset[str] | None = None

    def has_scope(self, scope: str | None) -> bool:
        """Return whether the scope allows this. Every API key may do what needs "", and none what needs None."""
        return self.scopes is None or scope == "" or scope in self.scopes

    def require_scope(self, scope: str | None) -> None:
        """Raise `forbidden` if an API key lacks the scope."""
        if not self.has_scope(scope):
            raise DomainError("forbidden", missing_scope(scope))


def missing_scope(scope: str | None) -> str:
    return f"The API key needs the scope {scope}." if scope else "API keys cannot do this."


class Authenticate(msgspec.Struct):
    """`authenticate`: the access token of a socket that connected without one, or a new token of the same user."""

    token: str


class Authenticated(msgspec.Struct, rename="camel"):
    """The answer to `authenticate`."""

    user_id: str
