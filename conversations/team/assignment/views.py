"""REST viewset of automatic assignment. `docs/team-inbox.md` describes it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body, serializer_for
from chatsite.http.viewsets import StructViewSet
from conversations.models import AssignmentRule
from conversations.team.assignment import rules
from conversations.team.assignment.rules import AssignmentObject

ASSIGNMENT = serializer_for(AssignmentObject)


class AssignmentViewSet(StructViewSet):
    """How a business assigns conversations, by the id of the business. Members read it, and owners set it."""

    queryset = AssignmentRule.objects.none()
    bodies = {"default": AssignmentObject}

    @extend_schema(responses=ASSIGNMENT)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(rules.read_assignment(user_id=request.user.pk, business_id=pk))

    @extend_schema(request=ASSIGNMENT, responses=ASSIGNMENT)
    def update(self, request: Request, pk: str) -> Response:
        """Replace the rule. It applies to conversations that wait already, too."""
        body = read_body(request, AssignmentObject)
        return Response(rules.set_assignment(user_id=request.user.pk, business_id=pk, body=body))
