"""REST of the customer panel: `/chat/conversations/:id/customer`. `docs/customer-panel.md` describes it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import StructViewSet
from conversations.models import Conversation
from conversations.team.customer.host_panels import host_panels
from conversations.team.customer.panel import customer_panel
from conversations.team.customer.serializers import CustomerPanelObject, HostPanelsObject


class CustomerPanelViewSet(StructViewSet):
    """What the business knows of the customer. For the customer it does not exist."""

    queryset = Conversation.objects.none()
    bodies = {"default": CustomerPanelObject}

    @extend_schema(responses=serializer_for(CustomerPanelObject))
    @action(detail=True, methods=["get"])
    def customer(self, request: Request, pk: str) -> Response:
        """Return the customer's name, address, episodes, labels, offers, page and attributes."""
        return Response(customer_panel(user_id=request.user.pk, conversation_id=pk))

    @extend_schema(responses=serializer_for(HostPanelsObject))
    @action(detail=True, methods=["get"], url_path="customer/panels")
    def panels(self, request: Request, pk: str) -> Response:
        """Return the panels of the host project."""
        return Response(host_panels(user_id=request.user.pk, conversation_id=pk))
