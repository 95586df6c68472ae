"""REST viewset of automatic answers. `docs/business-hours.md` describes them."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body, serializer_for
from chatsite.http.viewsets import StructViewSet
from conversations.models import Automations
from conversations.team.automations import operations
from conversations.team.automations.operations import AutomationsObject

AUTOMATIONS = serializer_for(AutomationsObject)


class AutomationsViewSet(StructViewSet):
    """The automatic answers of a business, by the id of the business. Members read them, and owners set them."""

    queryset = Automations.objects.none()
    bodies = {"default": AutomationsObject}

    @extend_schema(responses=AUTOMATIONS)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(operations.read_automations(user_id=request.user.pk, business_id=pk))

    @extend_schema(request=AUTOMATIONS, responses=AUTOMATIONS)
    def update(self, request: Request, pk: str) -> Response:
        """Replace the texts. An empty text turns its answer off."""
        body = read_body(request, AutomationsObject)
        return Response(operations.set_automations(user_id=request.user.pk, business_id=pk, body=body))
