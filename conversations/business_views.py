"""REST: `/chat/businesses`."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.pagination import CursorPages
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations import queries
from conversations.models import Business
from conversations.serializers import BusinessObject, business_object


class BusinessPages(CursorPages):
    ordering = ("name", "id")


class BusinessViewSet(StructViewSet):
    """The directory of businesses for customers."""

    queryset = Business.objects.none()
    bodies = {"default": BusinessObject}

    @extend_schema(
        parameters=[OpenApiParameter("search", str), OpenApiParameter("cursor", str), LIMIT],
        responses=serializer_for(BusinessObject)(many=True),
    )
    def list(self, request: Request) -> Response:
        search = request.query_params.get("search", "").replace("\x00", "")[:100]
        return BusinessPages().respond(request, queries.businesses(search), business_object)
