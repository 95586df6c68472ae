"""`/auth/`: thin views over the serializers and operations."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from chatsite.http.struct_serializers import serializer_for
from chatsite.identity import tickets
from chatsite.identity.claims import Claims
from chatsite.identity.profile import profile_of, whole_profile
from chatsite.identity.serializers import (
    LoginSerializer,
    LogoutSerializer,
    RefreshSerializer,
    TicketSerializer,
    VerifySerializer,
)
from chatsite.identity.throttles import AddressThrottle, LoginAddressThrottle
from chatsite.realtime.identity import Identity


class CredentialsView(generics.GenericAPIView[Any]):
    """Reads credentials from the body and ignores those of the request, such as an expired token."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes = (AddressThrottle,)

    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.validated_data, headers={"Cache-Control": "no-store"})


@extend_schema(summary="Log in", tags=["auth"])
class LoginView(CredentialsView):
    """Log in with a username and a password."""

    serializer_class = LoginSerializer
    throttle_classes = (LoginAddressThrottle,)


@extend_schema(summary="Refresh the tokens", tags=["auth"])
class RefreshView(CredentialsView):
    """Exchange a refresh token for a new pair. A refresh token works once."""

    serializer_class = RefreshSerializer


@extend_schema(
    summary="Verify a token",
    tags=["auth"],
    responses={200: OpenApiResponse(description="The token is valid")},
)
class VerifyView(CredentialsView):
    """Check whether an access or refresh token is valid now."""

    serializer_class = VerifySerializer


@extend_schema(summary="Log out", tags=["auth"], responses={204: None})
class LogoutView(CredentialsView):
    """End the login of a refresh token, with all its tokens and live sockets."""

    serializer_class = LogoutSerializer

    def post(self, request: Request) -> Response:
        super().post(request)
        return Response(status=204)


@extend_schema(
    summary="Get a ticket for a WebSocket", tags=["auth"], request=None, responses=TicketSerializer
)
class TicketView(generics.GenericAPIView[Any]):
    """Get a ticket for `?ticket=` of a WebSocket URL. A ticket works once, within 30 seconds."""

    serializer_class = TicketSerializer

    def post(self, request: Request) -> Response:
        ticket = tickets.issue(_identity_of(request))
        return Response({"ticket": ticket}, headers={"Cache-Control": "no-store"})


def _identity_of(request: Request) -> Identity:
    user_id = str(request.user.pk)
    claims = request.auth
    if isinstance(claims, Claims):
        expires_at = float(claims.expires_at)
        return Identity(user_id, str(claims.login_id), expires_at, password_tag=claims.password_tag)
    return Identity(user_id, "", None, "cookie", request.session.session_key or "")


@extend_schema(summary="Get the signed-in user", tags=["auth"])
class MeView(generics.GenericAPIView[Any]):
    """The signed-in user, with the sections that apps add."""

    scopes = {"view": ""}

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return serializer_for(whole_profile())

    def get(self, request: Request) -> Response:
        assert isinstance(request.user, get_user_model())  # the default permission requires it
        return Response(profile_of(request.user), headers={"Cache-Control": "no-store"})
