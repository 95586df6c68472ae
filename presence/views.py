"""REST: `GET /presence?userIds=a,b`."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chatsite.errors import invalid
from chatsite.http.api import page, serializer_for
from presence import queries
from presence.serializers import PresencePage


class PresenceView(APIView):
    """Who of the people one talks to is online. Everybody else looks like somebody who was never seen.

    While Redis cannot be reached, only users connected to the answering process are known to be online.
    """

    scopes: ClassVar = {"view": "contacts:read"}

    @extend_schema(
        parameters=[
            OpenApiParameter("userIds", str, required=True, description="User ids, separated by commas.")
        ],
        responses={200: serializer_for(PresencePage)},
    )
    def get(self, request: Request) -> Response:
        """`{results: [{userId, online, lastSeen}], next: null, previous: null}`, a row for each id in order.

        `invalid` without an id, or with more than `page_most` of them.
        """
        user_ids = _requested(request)
        return page(list(queries.presence_of(reader_id=str(request.user.pk), user_ids=user_ids)))


def _requested(request: Request) -> list[str]:
    listed = ",".join(request.query_params.getlist("userIds"))
    user_ids = [part.strip() for part in listed.split(",") if part.strip()]
    if not user_ids:
        raise invalid("userIds must name at least one user.", field="userIds")
    if len(user_ids) > settings.CHAT.page_most:
        raise invalid(f"userIds may name at most {settings.CHAT.page_most} users.", field="userIds")
    return user_ids
