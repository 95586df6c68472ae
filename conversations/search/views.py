"""REST: `GET /chat/search`."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from chatsite.errors import invalid
from chatsite.http.pagination import page
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet, page_limit
from conversations.access import object_key, user_key
from conversations.models import ChatMessage
from conversations.search.queries import HAS, Filters, FoundMessage, find_messages

_FILTERS: Final = [
    OpenApiParameter(
        "q", str, description='Words, beginnings of words and "phrases". All must be in the message.'
    ),
    OpenApiParameter("conversationId", str),
    OpenApiParameter("businessId", str),
    OpenApiParameter("senderId", str),
    OpenApiParameter("from", str, description="A date or a time: messages since then."),
    OpenApiParameter(
        "to", str, description="A date or a time: messages before it. A date includes its whole day."
    ),
    OpenApiParameter("has", str, enum=HAS),
    OpenApiParameter("cursor", str),
    LIMIT,
]


class SearchViewSet(StructViewSet):
    """Messages that match a search."""

    queryset = ChatMessage.objects.none()
    bodies = {"default": FoundMessage}
    scopes = {"view": "messages:read"}

    @extend_schema(parameters=_FILTERS, responses=serializer_for(FoundMessage)(many=True))
    def list(self, request: Request) -> Response:
        """Find messages in all conversations of the user, newest first."""
        asked = request.query_params
        found = find_messages(
            request.user.pk,
            asked.get("q", ""),
            _filters(request),
            cursor=asked.get("cursor"),
            limit=page_limit(request),
        )
        here = request.build_absolute_uri()
        return page(
            found.results, following=replace_query_param(here, "cursor", found.next) if found.next else None
        )


def _filters(request: Request) -> Filters:
    asked = request.query_params
    conversation, business, sender = (
        asked.get(name) for name in ("conversationId", "businessId", "senderId")
    )
    has = asked.get("has")
    if has is not None and has not in HAS:
        raise invalid(f"has must be {' or '.join(HAS)}.", field="has")
    return Filters(
        conversation_id=None if conversation is None else object_key(conversation, "conversation"),
        business_id=None if business is None else object_key(business, "business"),
        sender_id=None if sender is None else user_key(sender),
        since=_moment(request, "from", time.min),
        until=_moment(request, "to", time.max),
        has=has,
    )


def _moment(request: Request, name: str, time_of_day: time) -> datetime | None:
    """Parse a time, or a day in UTC as its beginning or end."""
    raw = request.query_params.get(name)
    if raw is None:
        return None
    try:
        day = parse_date(raw)
        moment = datetime.combine(day, time_of_day, UTC) if day is not None else parse_datetime(raw)
        if moment is None:
            raise ValueError(raw)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid(f"{name} must be a date or a time such as 2026-01-31T12:00:00Z.", field=name) from error
