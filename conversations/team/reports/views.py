"""REST viewsets of reports and ratings. `docs/reports.md` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, get_args

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import renderers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.errors import invalid
from chatsite.http.api import BrowsablePages, WireRenderer, read_body
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import StructViewSet
from chatsite.realtime.user_limit import charge
from conversations.business_parameter import OF_BUSINESS, business_of
from conversations.models import Conversation, CsatSettings, Episode
from conversations.team.access import member_business
from conversations.team.reports import csat
from conversations.team.reports.csv_files import report_csv
from conversations.team.reports.reporting import parse_day, report, today
from conversations.team.reports.requests import (
    CsatBody,
    CsatObject,
    CsatSettingsObject,
    GroupBy,
    Metric,
    TeamReportObject,
)
from conversations.team.settings_views import BusinessSettingsViewSet, SettingsOperations

REPORT = extend_schema_serializer(many=False)(serializer_for(TeamReportObject))
DEFAULT_DAYS = 28


class CsvRenderer(renderers.BaseRenderer):
    """Answers `format=csv`. Errors stay JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str | bytes:
        return report_csv(data) if isinstance(data, TeamReportObject) else WireRenderer().render(data)


COST: Final = 10.0  # of a message


class ReportViewSet(StructViewSet):
    """Reports of a business, for its members."""

    queryset = Episode.objects.none()
    bodies = {"default": TeamReportObject}
    renderer_classes = (WireRenderer, BrowsablePages, CsvRenderer)

    @extend_schema(
        parameters=[
            OF_BUSINESS,
            OpenApiParameter("metric", str, required=True, enum=get_args(Metric)),
            OpenApiParameter("from", date, description="The default is 28 days ago."),
            OpenApiParameter("to", date, description="The default is today."),
            OpenApiParameter("groupBy", str, enum=get_args(GroupBy)),
        ],
        responses={(200, "application/json"): REPORT, (200, CsvRenderer.media_type): str},
    )
    def list(self, request: Request) -> Response:
        """Report a metric of the episodes that were resolved in a period."""
        charge(str(request.user.pk), COST)
        asked, business = request.query_params, member_business(request.user.pk, business_of(request))
        end = parse_day(asked.get("to", ""), "to") or today(business.pk)
        begin = parse_day(asked.get("from", ""), "from") or end - timedelta(days=DEFAULT_DAYS - 1)
        shown = report(
            business.pk,
            metric=_choice(request, "metric", get_args(Metric), ""),
            begin=begin,
            end=end,
            group_by=_choice(request, "groupBy", get_args(GroupBy), "none"),
        )
        return Response(shown)

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(getattr(self.request, "accepted_renderer", None), CsvRenderer):
            response.content_type = WireRenderer.media_type
        return response


def _choice(request: Request, name: str, known: tuple[str, ...], default: str) -> Any:
    chosen = request.query_params.get(name) or default
    if chosen not in known:
        raise invalid(f"{name} must be one of {', '.join(known)}.", field=name)
    return chosen


class CsatSettingsViewSet(BusinessSettingsViewSet):
    """Whether a business asks for ratings, by the id of the business. Members read it, and owners set it."""

    queryset = CsatSettings.objects.none()
    bodies = {"default": CsatSettingsObject}
    settings_operations = SettingsOperations(read=csat.read_settings, replace=csat.set_settings)


class RatingViewSet(StructViewSet):
    """The question to the customer of a conversation, and the customer's rating."""

    queryset = Conversation.objects.none()
    bodies = {"default": CsatBody}

    @extend_schema(responses=serializer_for(CsatObject))
    @action(detail=True, methods=["get"])
    def csat(self, request: Request, pk: str) -> Response:
        """Return the open question, for the customer alone. `askedAt` is null without one."""
        return Response(csat.read_rating(user_id=request.user.pk, conversation_id=pk))

    @extend_schema(request=serializer_for(CsatBody), responses=serializer_for(CsatObject))
    @csat.mapping.put
    def rate(self, request: Request, pk: str) -> Response:
        """Rate the latest episode. A later rating replaces it, for 14 days."""
        # A stranger hears `not_found`, whatever the body is.
        csat.read_rating(user_id=request.user.pk, conversation_id=pk)
        body = read_body(request, CsatBody)
        return Response(csat.rate(user_id=request.user.pk, conversation_id=pk, body=body))
