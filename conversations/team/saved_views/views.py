"""REST viewset of saved views: `/team/views`. `docs/team-inbox.md` describes it."""

from __future__ import annotations

from functools import partial

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.pagination import CursorPages
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations.business_parameter import OF_BUSINESS, business_of
from conversations.models import SavedView
from conversations.team.saved_views import operations, queries
from conversations.team.saved_views.serializers import SavedViewBody, SavedViewChange, SavedViewObject

VIEWS = serializer_for(SavedViewObject)


class NamePages(CursorPages):
    ordering = ("name", "id")


class SavedViewViewSet(StructViewSet):
    """The saved views of a business, for its members."""

    queryset = SavedView.objects.none()
    bodies = {"default": SavedViewChange, "list": SavedViewBody, "create": SavedViewBody}

    @extend_schema(
        parameters=[
            OF_BUSINESS,
            OpenApiParameter("cursor", str),
            LIMIT,
        ],
        responses=VIEWS(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the views of the business and the user's private ones by name."""
        business_id = business_of(request)
        rows, membership = queries.views_of(request.user.pk, business_id)
        return NamePages().respond(request, rows, partial(queries.shown, membership))

    @extend_schema(request=serializer_for(SavedViewBody), responses={201: VIEWS})
    def create(self, request: Request) -> Response:
        """Save a view for the whole business, or a private one."""
        view, membership = operations.save_view(
            user_id=request.user.pk, body=read_body(request, SavedViewBody)
        )
        return Response(queries.shown(membership, view), status=status.HTTP_201_CREATED)

    @extend_schema(request=serializer_for(SavedViewChange), responses=VIEWS)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename the view or replace its filters. Authors and owners of the business can do this."""
        view, membership = operations.change_view(
            user_id=request.user.pk, view_id=pk, body=read_body(request, SavedViewChange)
        )
        return Response(queries.shown(membership, view))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        operations.delete_view(user_id=request.user.pk, view_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
