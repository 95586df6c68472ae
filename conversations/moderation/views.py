"""REST: `POST /chat/reports`."""

from __future__ import annotations

import logging

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from chatsite.http.api import read_body
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import StructViewSet
from chatsite.identity.cache import CACHE_AWAY
from conversations.moderation.models import Report
from conversations.moderation.reports import ReportBody, ReportObject, make_report, report_object

logger = logging.getLogger(__name__)

REPORT = serializer_for(ReportObject)


class ReportThrottle(UserRateThrottle):
    """Limits the reports of one user. Without the cache, reports are not limited."""

    scope = "reports"
    rate = "30/hour"

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except CACHE_AWAY as error:
            logger.warning("the cache cannot be reached, so reports are not limited: %s", error)
            return True


class ReportViewSet(StructViewSet):
    """Report a message, a person or a conversation to the moderators."""

    queryset = Report.objects.none()
    bodies = {"default": ReportBody}
    throttle_classes = [ReportThrottle]

    @extend_schema(request=serializer_for(ReportBody), responses={200: REPORT, 201: REPORT})
    def create(self, request: Request) -> Response:
        """Create a report, as a participant. If the user's same report is still open, it is returned with 200."""
        body = read_body(request, ReportBody)
        report, created = make_report(
            reporter_id=request.user.pk,
            conversation_id=body.conversation_id,
            reason=body.reason,
            message_id=body.message_id,
            user_id=body.user_id,
            text=body.text,
        )
        answer = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(report_object(report), status=answer)
