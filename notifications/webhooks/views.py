"""REST viewset of webhooks. `docs/webhooks.md` describes it."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations.business_parameter import OF_BUSINESS, business_of
from notifications.pagination import IdPages
from notifications.webhooks import operations
from notifications.webhooks.models import Webhook
from notifications.webhooks.serializers import (
    DeliveryObject,
    ReplayAnswer,
    ReplayBody,
    WebhookBody,
    WebhookChange,
    WebhookObject,
    WebhookWithSecret,
    delivery_object,
    webhook_object,
    webhook_with_secret,
)

WEBHOOKS = serializer_for(WebhookObject)
WITH_SECRET = serializer_for(WebhookWithSecret)
DELIVERIES = serializer_for(DeliveryObject)
CURSOR = OpenApiParameter("cursor", str)


class WebhookViewSet(StructViewSet):
    """The webhooks of a business. Only its owners see and change them."""

    queryset = Webhook.objects.none()
    bodies = {
        "default": WebhookObject,
        "list": WebhookBody,
        "create": WebhookBody,
        "partial_update": WebhookChange,
        "replay": ReplayBody,
    }
    throttle_cost = 10.0  # of a message: an endpoint costs an outgoing request or more

    @extend_schema(
        parameters=[OF_BUSINESS, CURSOR, LIMIT],
        responses=WEBHOOKS(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the webhooks of a business, newest first."""
        business_id = business_of(request)
        rows = operations.endpoints_of_business(request.user.pk, business_id)
        return IdPages().respond(request, rows, webhook_object)

    @extend_schema(request=serializer_for(WebhookBody), responses={201: WITH_SECRET})
    def create(self, request: Request) -> Response:
        """Create a webhook. The answer shows its secret, which is not shown again."""
        body = read_body(request, WebhookBody)
        endpoint, secret = operations.create_endpoint(
            user_id=request.user.pk,
            business_id=body.business_id,
            url=body.url,
            types=body.events,
            description=body.description,
        )
        return Response(webhook_with_secret(endpoint, secret), status=status.HTTP_201_CREATED)

    @extend_schema(responses=WEBHOOKS)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(webhook_object(operations.find_endpoint(request.user.pk, pk)))

    @extend_schema(request=serializer_for(WebhookChange), responses=WEBHOOKS)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the webhook, disable it, or enable it again. Events that have waited are then delivered."""
        body = read_body(request, WebhookChange)
        changed = operations.change_endpoint(
            user_id=request.user.pk,
            webhook_id=pk,
            url=body.url,
            types=body.events,
            description=body.description,
            enabled=body.enabled,
        )
        return Response(webhook_object(changed))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the webhook and the log of its deliveries."""
        operations.delete_endpoint(user_id=request.user.pk, webhook_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=WITH_SECRET)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Make a new secret. For 24 hours both the new and the old one sign."""
        return Response(
            webhook_with_secret(*operations.rotate_secret(user_id=request.user.pk, webhook_id=pk))
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=["pending", "delivered", "failed"]),
            CURSOR,
            LIMIT,
        ],
        responses=DELIVERIES(many=True),
    )
    @action(detail=True, methods=["get"])
    def deliveries(self, request: Request, pk: str) -> Response:
        """List the deliveries of the last 30 days, newest first."""
        state = request.query_params.get("state") or None
        rows = operations.deliveries_of(request.user.pk, pk, state=state)
        return IdPages().respond(request, rows, delivery_object)

    @extend_schema(request=None, responses={202: DELIVERIES})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send the endpoint an event of the type `webhook.test`."""
        delivery = operations.send_test(user_id=request.user.pk, webhook_id=pk)
        return Response(delivery_object(delivery), status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=serializer_for(ReplayBody), responses={202: serializer_for(ReplayAnswer)})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Deliver one event again, or all events of a span of time. They keep their ids."""
        body = read_body(request, ReplayBody)
        number = operations.replay(
            user_id=request.user.pk,
            webhook_id=pk,
            delivery_id=body.delivery_id,
            since=body.since,
            until=body.until,
        )
        return Response(ReplayAnswer(replayed=number), status=status.HTTP_202_ACCEPTED)
