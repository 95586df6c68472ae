"""REST of the widget: its owner's settings, and the doors that a visitor comes in by."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import CursorPages, read_body, serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from chatsite.widget import access, operations, sessions
from chatsite.widget.models import WidgetSite
from chatsite.widget.serializers import (
    GuestBody,
    SecretObject,
    SessionObject,
    SignOutAnswer,
    SiteBody,
    SiteObject,
    TokenBody,
    secret_object,
    session_object,
    site_object,
)
from chatsite.widget.throttles import NewGuestThrottle, SessionThrottle

SITES = serializer_for(SiteObject)
SESSIONS = serializer_for(SessionObject)
PRIVATE = {"Cache-Control": "no-store"}  # what carries a secret stays in no cache


class SitePages(CursorPages):
    ordering = "-id"


class WidgetSiteViewSet(StructViewSet):
    """The widgets of the businesses that I own. For everybody else they are not there."""

    queryset = WidgetSite.objects.none()
    bodies = {"default": operations.Settings, "list": SiteBody, "create": SiteBody}

    @extend_schema(parameters=[OpenApiParameter("cursor", str), LIMIT], responses=SITES(many=True))
    def list(self, request: Request) -> Response:
        return SitePages().respond(request, access.sites_of(request.user.pk), site_object)

    @extend_schema(request=serializer_for(SiteBody), responses={200: SITES, 201: SITES})
    def create(self, request: Request) -> Response:
        """Give my business its widget, with a first secret. Where there is one it is answered as it is, with 200."""
        body = read_body(request, SiteBody)
        business = access.find_own_business(request.user.pk, body.business_id)
        site, created = operations.create_site(business=business, chosen=body)
        return Response(site_object(site), status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)

    @extend_schema(responses=SITES)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(site_object(access.find_site(request.user.pk, pk)))

    @extend_schema(request=serializer_for(operations.Settings), responses=SITES)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given, and leave the rest."""
        site = access.find_site(request.user.pk, pk)
        chosen = read_body(request, operations.Settings)
        return Response(site_object(operations.change_site(site_id=site.pk, chosen=chosen)))

    @extend_schema(request=None, responses={201: serializer_for(SecretObject)})
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """A new signing secret, told this once. The one before it goes on working; any older one ends."""
        site = access.find_site(request.user.pk, pk)
        secret = operations.rotate_secret(site_id=site.pk)
        return Response(secret_object(secret), status=status.HTTP_201_CREATED, headers=PRIVATE)

    @extend_schema(
        parameters=[OpenApiParameter("secret_id", str, OpenApiParameter.PATH)], responses={204: None}
    )
    @action(detail=True, methods=["delete"], url_path="secrets/(?P<secret_id>[^/]+)")
    def revoke_secret(self, request: Request, pk: str, secret_id: str) -> Response:
        """End a signing secret at once."""
        site = access.find_site(request.user.pk, pk)
        secret = access.find_secret(site, secret_id)
        operations.revoke_secret(site_id=site.pk, secret_id=secret.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=serializer_for(SignOutAnswer))
    @action(detail=True, methods=["post"], url_path="sign-out-visitors")
    def sign_out_visitors(self, request: Request, pk: str) -> Response:
        """Sign everybody out who came through this widget: for after a secret has leaked."""
        site = access.find_site(request.user.pk, pk)
        return Response(SignOutAnswer(visitors=operations.sign_out_visitors(site_id=site.pk)))


class DoorView(generics.GenericAPIView[Any]):
    """Takes credentials in the body, so none of the request's own are looked at."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes: Any = (SessionThrottle,)


@extend_schema(
    summary="Sign in by a host's token", request=serializer_for(TokenBody), responses={201: SESSIONS}
)
class SessionView(DoorView):
    """Exchange a token that the host's server has signed for a login, and open the conversation. It works once."""

    serializer_class = serializer_for(TokenBody)

    def post(self, request: Request) -> Response:
        session = sessions.open_session(token=read_body(request, TokenBody).token)
        return Response(session_object(session), status=status.HTTP_201_CREATED, headers=PRIVATE)


@extend_schema(summary="Come in as a guest", request=serializer_for(GuestBody), responses={201: SESSIONS})
class GuestSessionView(DoorView):
    """Come in where the business talks to guests. Without a `guest` key a new guest is made; keep the key."""

    serializer_class = serializer_for(GuestBody)
    throttle_classes = (SessionThrottle, NewGuestThrottle)

    def post(self, request: Request) -> Response:
        body = read_body(request, GuestBody)
        session, key = sessions.open_guest_session(slug=body.business, key=body.guest or None, name=body.name)
        return Response(session_object(session, key), status=status.HTTP_201_CREATED, headers=PRIVATE)
