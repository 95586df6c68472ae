"""REST: `GET /presence?userIds=a,b`."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chatsite.errors import invalid
from chatsite.http.pagination import page
from chatsite.http.struct_serializers import serializer_for
from presence import queries
from presence.serializers import PresencePage


class PresenceView(APIView):
    """Show which contacts of the user are online. Other users look offline and never seen.

    While Redis cannot be reached, only users with a connection to the answering process look online.
    """

    scopes: ClassVar = {"view": "contacts:read"}

    @extend_schema(
        parameters=[
            OpenApiParameter("userIds", str, required=True, description="User ids, separated by commas.")
        ],
        responses={200: serializer_for(PresencePage)},
    )
    def get(self, request: Request) -> Response:
        """Return a row `{userId, online, lastSeen}` for each id, in their order."""
        user_ids = _requested(request)
        return page(list(queries.presence_of(reader_id=str(request.user.pk), user_ids=user_ids)))


def _requested(request: Request) -> list[str]:
    listed = ",".join(request.query_params.getlist("userIds"))
    user_ids = [part.strip() for part in listed.split(",") if part.strip()]
    if not user_ids:
        raise invalid("userIds must have at least one id.", field="userIds")
    if len(user_ids) > settings.CHAT.page_most:
        raise invalid(f"userIds may have at most {settings.CHAT.page_most} ids.", field="userIds")
    return user_ids
