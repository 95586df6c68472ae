"""The REST API of the widget: settings for its owner, and sign-in for visitors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, permissions, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.pagination import CursorPages
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from chatsite.widget import access, operations, sessions, visitors
from chatsite.widget.models import WidgetSite
from chatsite.widget.origins import host_origins
from chatsite.widget.serializers import (
    GuestBody,
    PageBody,
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
PRIVATE = {"Cache-Control": "no-store"}  # the answer contains a secret


class SitePages(CursorPages):
    ordering = "-id"


class WidgetSiteViewSet(StructViewSet):
    """The widgets of the businesses that I own. Other widgets are `not_found`."""

    queryset = WidgetSite.objects.none()
    bodies = {"default": operations.WidgetSettings, "list": SiteBody, "create": SiteBody}

    @extend_schema(parameters=[OpenApiParameter("cursor", str), LIMIT], responses=SITES(many=True))
    def list(self, request: Request) -> Response:
        return SitePages().respond(request, access.sites_of(request.user.pk), site_object)

    @extend_schema(request=serializer_for(SiteBody), responses={200: SITES, 201: SITES})
    def create(self, request: Request) -> Response:
        """Create the widget of my business, with a first secret. If it exists, return it unchanged, with 200."""
        body = read_body(request, SiteBody)
        business = access.find_owned_business(request.user.pk, body.business_id)
        site, created = operations.create_site(business=business, chosen=body)
        return Response(site_object(site), status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)

    @extend_schema(responses=SITES)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(site_object(access.find_site(request.user.pk, pk)))

    @extend_schema(request=serializer_for(operations.WidgetSettings), responses=SITES)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the given settings only."""
        site = access.find_site(request.user.pk, pk)
        chosen = read_body(request, operations.WidgetSettings)
        return Response(site_object(operations.change_site(site_id=site.pk, chosen=chosen)))

    @extend_schema(request=None, responses={201: serializer_for(SecretObject)})
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """Create a signing secret and show it once. The previous secret stays valid; older ones end."""
        site = access.find_site(request.user.pk, pk)
        secret = operations.rotate_secret(site_id=site.pk)
        return Response(secret_object(secret), status=status.HTTP_201_CREATED, headers=PRIVATE)

    @extend_schema(
        parameters=[OpenApiParameter("secret_id", str, OpenApiParameter.PATH)], responses={204: None}
    )
    @action(detail=True, methods=["delete"], url_path="secrets/(?P<secret_id>[^/]+)")
    def revoke_secret(self, request: Request, pk: str, secret_id: str) -> Response:
        """Revoke a signing secret. It ends at once."""
        site = access.find_site(request.user.pk, pk)
        secret = access.find_secret(site, secret_id)
        operations.revoke_secret(site_id=site.pk, secret_id=secret.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=serializer_for(SignOutAnswer))
    @action(detail=True, methods=["post"], url_path="sign-out-visitors")
    def sign_out_visitors(self, request: Request, pk: str) -> Response:
        """Sign out everybody who came through this widget. Use this after a secret has leaked."""
        site = access.find_site(request.user.pk, pk)
        return Response(SignOutAnswer(visitors=operations.sign_out_visitors(site_id=site.pk)))


class VisitorSignInView(generics.GenericAPIView[Any]):
    """Reads credentials from the body and ignores those of the request."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes: Any = (SessionThrottle,)


@extend_schema(
    summary="Sign in with a token of the host site",
    request=serializer_for(TokenBody),
    responses={201: SESSIONS},
)
class SessionView(VisitorSignInView):
    """Exchange a token signed by the host's server for a login, and open the conversation. A token works once.

    With `"openConversation": false` nothing is opened. Then the conversation can begin with the first message.
    """

    serializer_class = serializer_for(TokenBody)

    def post(self, request: Request) -> Response:
        body = read_body(request, TokenBody)
        session = sessions.open_session(token=body.token, opens_conversation=body.open_conversation)
        return Response(session_object(session), status=status.HTTP_201_CREATED, headers=PRIVATE)


@extend_schema(summary="Sign in as a guest", request=serializer_for(GuestBody), responses={201: SESSIONS})
class GuestSessionView(VisitorSignInView):
    """Sign in as a guest, if the business allows guests. Without a `guest` key this creates a guest; keep its key."""

    serializer_class = serializer_for(GuestBody)
    throttle_classes = (SessionThrottle, NewGuestThrottle)

    def post(self, request: Request) -> Response:
        body = read_body(request, GuestBody)
        session, key = sessions.open_guest_session(
            slug=body.business,
            key=body.guest or None,
            name=body.name,
            email=body.email,
            answer=body.answer,
        )
        return Response(session_object(session, key), status=status.HTTP_201_CREATED, headers=PRIVATE)


class VisitedPageView(generics.GenericAPIView[Any]):
    """The page of the business's site on which the visitor has opened the widget."""

    serializer_class = serializer_for(PageBody)

    @extend_schema(
        summary="Say on which page the widget is", request=serializer_for(PageBody), responses={204: None}
    )
    def put(self, request: Request) -> Response:
        """Members see the page beside the conversation. For others than visitors it is `not_found`."""
        visitor = visitors.find_visitor(request.user.pk)
        body = read_body(request, PageBody)
        origins = host_origins(visitor.site.origins, request._request)
        visitors.note_page(visitor=visitor, url=body.url, title=body.title, origins=origins)
        return Response(status=status.HTTP_204_NO_CONTENT)
