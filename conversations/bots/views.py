"""REST viewset of bots and their API keys. `docs/bots.md` describes it."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.pagination import CursorPages
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations.bots import operations
from conversations.bots.serializers import (
    BotBody,
    BotChanges,
    BotObject,
    KeyBody,
    KeyObject,
    KeyWithSecret,
    bot_object,
    key_object,
    key_with_secret,
)
from conversations.business_parameter import OF_BUSINESS, business_of
from conversations.models import Membership

BOTS = serializer_for(BotObject)
KEYS = serializer_for(KeyObject)
CURSOR = OpenApiParameter("cursor", str)


class IdPages(CursorPages):
    ordering = ("-id",)


class BotViewSet(StructViewSet):
    """The bots of a business. Only its owners can see and change them."""

    queryset = Membership.objects.none()
    lookup_value_regex = r"[^/.]+"
    bodies = {
        "default": BotObject,
        "list": BotBody,
        "create": BotBody,
        "partial_update": BotChanges,
        "keys": KeyBody,
        "create_key": KeyBody,
    }
    throttle_cost = 10.0  # of a message

    @extend_schema(
        parameters=[OF_BUSINESS, CURSOR, LIMIT],
        responses=BOTS(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the bots of a business, newest first."""
        business_id = business_of(request)
        return IdPages().respond(request, operations.bots_of(request.user.pk, business_id), bot_object)

    @extend_schema(request=serializer_for(BotBody), responses={201: BOTS})
    def create(self, request: Request) -> Response:
        """Create a bot. It becomes a member of the business and needs an API key to act."""
        body = read_body(request, BotBody)
        bot = operations.create_bot(user_id=request.user.pk, business_id=body.business_id, name=body.name)
        return Response(bot_object(bot), status=status.HTTP_201_CREATED)

    @extend_schema(request=serializer_for(BotChanges), responses=BOTS)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Choose whether conversations begin with this bot."""
        body = read_body(request, BotChanges)
        bot = operations.change_bot(user_id=request.user.pk, bot_id=pk, answers_first=body.answers_first)
        return Response(bot_object(bot))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove the bot and revoke its keys. Its messages stay."""
        operations.remove_bot(user_id=request.user.pk, bot_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(parameters=[CURSOR, LIMIT], responses=KEYS(many=True))
    @action(detail=True, methods=["get"])
    def keys(self, request: Request, pk: str) -> Response:
        """List the API keys of the bot, newest first, including revoked ones."""
        return IdPages().respond(request, operations.keys_of(request.user.pk, pk), key_object)

    @extend_schema(request=serializer_for(KeyBody), responses={201: serializer_for(KeyWithSecret)})
    @keys.mapping.post
    def create_key(self, request: Request, pk: str) -> Response:
        """Create an API key. This response is the only one that contains it."""
        body = read_body(request, KeyBody)
        row, key = operations.create_key(
            user_id=request.user.pk, bot_id=pk, name=body.name, scopes=body.scopes, expires_at=body.expires_at
        )
        return Response(key_with_secret(row, key), status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @action(detail=True, methods=["delete"], url_path=r"keys/(?P<key_id>[^/]+)")
    def revoke_key(self, request: Request, pk: str, key_id: str) -> Response:
        """Revoke an API key. Its sockets close within 5 seconds."""
        operations.revoke_key(user_id=request.user.pk, bot_id=pk, key_id=key_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
