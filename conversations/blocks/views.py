"""REST: `/chat/blocks`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.pagination import CursorPages
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations import access
from conversations.blocks import operations
from conversations.models import Block
from conversations.serializers import WireObject, person_object


class BlockObject(WireObject, kw_only=True):
    """A blocked person or business. `forBusinessId` is set if one of the user's businesses has blocked the customer."""

    kind: Literal["user", "business"]
    user_id: str | None
    business_id: UUID | None
    name: str
    for_business_id: UUID | None
    created_at: datetime


def block_object(block: Block) -> BlockObject:
    is_user = block.blocked_user is not None
    name = person_object(block.blocked_user).name if is_user else str(block.blocked_business)
    return BlockObject(
        kind="user" if is_user else "business",
        user_id=str(block.blocked_user_id) if is_user else None,
        business_id=block.blocked_business_id,
        name=name,
        for_business_id=block.for_business_id,
        created_at=block.created_at,
    )


BUSINESS = OpenApiParameter("business_id", UUID, OpenApiParameter.PATH)


class BlockPages(CursorPages):
    ordering = ("id",)


class BlockViewSet(StructViewSet):
    """Blocks of the user. The other side gets no notice."""

    queryset = Block.objects.none()
    bodies = {"default": BlockObject}

    @extend_schema(
        parameters=[OpenApiParameter("cursor", str), LIMIT], responses=serializer_for(BlockObject)(many=True)
    )
    def list(self, request: Request) -> Response:
        """List the people and businesses that the user or the user's businesses have blocked."""
        rows = operations.own_blocks(access.load_actor(request.user.pk))
        return BlockPages().respond(
            request, rows.select_related("blocked_user", "blocked_business"), block_object
        )

    @extend_schema(request=None, responses=serializer_for(BlockObject))
    def update(self, request: Request, pk: str) -> Response:
        """Block a member of a business as its customer, or a customer as a member. Repeating changes nothing."""
        made = operations.block_user(user_id=request.user.pk, blocked_id=pk)
        return Response(block_object(made[0]))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove the block of a person."""
        operations.unblock_user(user_id=request.user.pk, blocked_id=pk)
        return Response(status=204)

    @extend_schema(parameters=[BUSINESS], request=None, responses=serializer_for(BlockObject))
    @action(detail=False, methods=["put"], url_path=r"businesses/(?P<business_id>[^/.]+)")
    def business(self, request: Request, business_id: str) -> Response:
        """Block a business as its customer. Repeating changes nothing."""
        made = operations.block_business(user_id=request.user.pk, business_id=business_id)
        return Response(block_object(made))

    @extend_schema(parameters=[BUSINESS], request=None, responses={204: None})
    @business.mapping.delete
    def unblock_business(self, request: Request, business_id: str) -> Response:
        """Remove the block of a business."""
        operations.unblock_business(user_id=request.user.pk, business_id=business_id)
        return Response(status=204)
