"""REST viewsets of business hours and of the availability that customers see. `docs/business-hours.md` has both."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import StructViewSet
from conversations.models import Business, BusinessHours
from conversations.team.hours import operations
from conversations.team.hours.availability import availability
from conversations.team.hours.serializers import AvailabilityObject, HoursBody, HoursObject, hours_object

HOURS = serializer_for(HoursObject)


class BusinessHoursViewSet(StructViewSet):
    """The hours of a business, by the id of the business. Members read them, and owners set them."""

    queryset = BusinessHours.objects.none()
    bodies = {"default": HoursBody}

    @extend_schema(responses=HOURS)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(hours_object(operations.read_hours(user_id=request.user.pk, business_id=pk)))

    @extend_schema(request=serializer_for(HoursBody), responses=HOURS)
    def update(self, request: Request, pk: str) -> Response:
        """Replace the hours."""
        body = read_body(request, HoursBody)
        hours = operations.set_hours(user_id=request.user.pk, business_id=pk, body=body)
        return Response(hours_object(hours))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Forget the hours. The business is then neither open nor closed."""
        operations.remove_hours(user_id=request.user.pk, business_id=pk)
        return Response(status=204)


class AvailabilityViewSet(StructViewSet):
    queryset = Business.objects.none()
    bodies = {"default": AvailabilityObject}

    @extend_schema(responses=serializer_for(AvailabilityObject))
    @action(detail=True, methods=["get"])
    def availability(self, request: Request, pk: str) -> Response:
        """Tell whether the business is open, when it opens or closes, and how fast it usually answers."""
        return Response(availability(pk))
