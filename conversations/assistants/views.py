"""REST viewset of assistants. `docs/assistants.md` describes it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import StructViewSet
from conversations.assistants.operations import ask_assistants
from conversations.assistants.serializers import AssistanceObject, AssistBody
from conversations.models import Conversation


class AssistViewSet(StructViewSet):
    """Help of the site's assistants, for members of the business alone."""

    queryset = Conversation.objects.none()
    bodies = {"default": AssistBody}
    throttle_cost = 20.0  # of a message

    @extend_schema(request=serializer_for(AssistBody), responses=serializer_for(AssistanceObject))
    def ask(self, request: Request, pk: str) -> Response:
        """Ask for suggestions, a summary or a translation. Nothing is stored or sent."""
        body = read_body(request, AssistBody)
        found = ask_assistants(
            user_id=request.user.pk, conversation_id=pk, kind=body.kind, language=body.language
        )
        return Response(found)
