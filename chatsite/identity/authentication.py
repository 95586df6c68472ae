"""REST authentication by access token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from chatsite.errors import DomainError
from chatsite.identity.api_keys import find_live_key, is_api_key
from chatsite.identity.claims import Claims, read_claims
from chatsite.identity.models import ApiKey
from chatsite.identity.tokens import live_user
from chatsite.realtime.identity import ANOTHER_USER

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`, in one round trip; `request.auth` is the token's `Claims`.
    `Authorization: Bearer <API key>` gives the user of the key, and `request.auth` is the `ApiKey`.

    A bad token is rejected with 401 `unauthenticated`, even if the request also has a valid session cookie.
    """

    def authenticate(self, request: Request) -> tuple[User, Claims | ApiKey] | None:
        scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            if is_api_key(token.strip()):
                key = find_live_key(token.strip())
                return key.user, key
            claims = read_claims(token.strip(), "access")
            return live_user(claims.user_id, claims.login_id, claims.password_tag), claims
        except DomainError as error:
            # REST framework caches a failed authentication only for its own exceptions. After another exception, the
            # browsable API would authenticate again while it renders the response, and fail again.
            raise AuthenticationFailed(error.message) from error

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class PageAuthentication(SessionAuthentication):
    """The session cookie. A page names the user for whom it was made in the header `X-Chat-User`.

    Another user may have signed in since, in another tab of the browser. That user's cookie is rejected with 401
    `unauthenticated`, so that nothing of the first user is sent as the second.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        found = super().authenticate(request)
        expected = request.headers.get("X-Chat-User")
        if found is not None and expected is not None and expected != str(found[0].pk):
            raise AuthenticationFailed(ANOTHER_USER)
        return found
