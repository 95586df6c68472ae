"""The security schemes of the OpenAPI schema."""

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class TokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]  # drf-spectacular registers it on definition
    target_class = "chatsite.identity.authentication.TokenAuthentication"
    name = "accessToken"


class PageScheme(SessionScheme):  # type: ignore[no-untyped-call]  # drf-spectacular registers it on definition
    target_class = "chatsite.identity.authentication.PageAuthentication"
