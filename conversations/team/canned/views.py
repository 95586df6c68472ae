"""REST viewset of canned answers. `docs/canned-answers.md` describes it."""

from __future__ import annotations

from functools import partial

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.pagination import CursorPages, page
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations.business_parameter import OF_BUSINESS, business_of
from conversations.models import CannedAnswer, Membership
from conversations.team.access import find_membership
from conversations.team.authored_rows import may_change
from conversations.team.canned import operations, queries
from conversations.team.canned.serializers import (
    CannedAnswerBody,
    CannedAnswerChange,
    CannedAnswerObject,
    FilledAnswer,
    UseBody,
    canned_answer_object,
)

ANSWERS = serializer_for(CannedAnswerObject)
MOST_QUERY = 100


class CodePages(CursorPages):
    ordering = ("code", "id")


def shown(membership: Membership, answer: CannedAnswer) -> CannedAnswerObject:
    return canned_answer_object(answer, editable=may_change(answer, membership))


class CannedAnswerViewSet(StructViewSet):
    """The canned answers of a business, for its members."""

    queryset = CannedAnswer.objects.none()
    bodies = {
        "default": CannedAnswerChange,
        "list": CannedAnswerBody,
        "create": CannedAnswerBody,
        "use": UseBody,
    }

    @extend_schema(
        parameters=[
            OF_BUSINESS,
            OpenApiParameter("q", str, description="A code, or words of the text: the 20 best matches."),
            OpenApiParameter("cursor", str),
            LIMIT,
        ],
        responses=ANSWERS(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the answers of the business and the user's private ones by code, or search them."""
        business_id = business_of(request)
        membership = find_membership(request.user.pk, business_id)
        query = request.query_params.get("q", "").replace("\x00", "")[:MOST_QUERY]
        if query.strip():
            return page([shown(membership, answer) for answer in queries.search_answers(membership, query)])
        return CodePages().respond(request, queries.visible_answers(membership), partial(shown, membership))

    @extend_schema(request=serializer_for(CannedAnswerBody), responses={201: ANSWERS})
    def create(self, request: Request) -> Response:
        """Create an answer for the whole business, or a private one."""
        body = read_body(request, CannedAnswerBody)
        answer, membership = operations.create_answer(user_id=request.user.pk, body=body)
        return Response(shown(membership, answer), status=status.HTTP_201_CREATED)

    @extend_schema(responses=ANSWERS)
    def retrieve(self, request: Request, pk: str) -> Response:
        answer, membership = queries.find_answer(request.user.pk, pk)
        return Response(shown(membership, answer))

    @extend_schema(request=serializer_for(CannedAnswerChange), responses=ANSWERS)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the code, the text or the files. Authors and owners of the business can do this."""
        body = read_body(request, CannedAnswerChange)
        answer, membership = operations.change_answer(user_id=request.user.pk, answer_id=pk, body=body)
        return Response(shown(membership, answer))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        operations.delete_answer(user_id=request.user.pk, answer_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=serializer_for(UseBody), responses=serializer_for(FilledAnswer))
    @action(detail=True, methods=["post"])
    def use(self, request: Request, pk: str) -> Response:
        """Fill the variables for a conversation, copy the files, and count the use.

        The client inserts the text, and attaches the files with `attachmentIds`; nothing is sent.
        """
        body = read_body(request, UseBody)
        filled = operations.use_answer(
            user_id=request.user.pk, answer_id=pk, conversation_id=body.conversation_id
        )
        return Response(filled)
