"""REST viewsets over operations and queries. `docs/protocol.md` describes them for clients."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from chatsite.errors import invalid
from chatsite.http.api import read_body
from chatsite.http.pagination import CursorPages, page, page_object
from chatsite.http.query_parameters import query_flag, query_integer
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet, page_limit
from conversations import access, history, operations, queries
from conversations.conversation_list import Filters, conversation_page
from conversations.links import message_links
from conversations.models import ChatMessage, Conversation, Side
from conversations.own_objects import personal_object
from conversations.own_state.operations import arrange_conversation, mark_unread
from conversations.payloads import ReadAnswer
from conversations.reactions.operations import add_reaction, remove_reaction
from conversations.requests import ConversationBody, EditBody, OpenBody, ReadBody, SendBody, UnreadBody
from conversations.serializers import (
    ConversationObject,
    EditObject,
    MessageObject,
    ParticipantObject,
    UnreadAnswer,
)
from conversations.team.filters import NAMES as TEAM_FILTERS
from conversations.team.filters import team_filter
from conversations.unread_counts import count_unread

MESSAGES = serializer_for(MessageObject)
CONVERSATIONS = serializer_for(ConversationObject)
CURSOR = OpenApiParameter("cursor", str)
UNREAD = extend_schema_serializer(many=False)(serializer_for(UnreadAnswer))


class EditPages(CursorPages):
    ordering = ("id",)


class MemberPages(CursorPages):
    """Large pages, because clients need the names of the whole team."""

    ordering = ("id",)
    page_size = 200


class ConversationViewSet(StructViewSet):
    """The user's conversations, newest activity first."""

    queryset = Conversation.objects.none()
    bodies = {
        "default": ConversationBody,
        "list": OpenBody,
        "create": OpenBody,
        "messages": SendBody,
        "send": SendBody,
        "unread": UnreadBody,
    }
    scopes = {
        "view": "messages:read",
        "people": "contacts:read",
        "create": "conversations:write",
        "partial_update": "conversations:write",
        "change": "messages:write",
    }

    @extend_schema(
        parameters=[
            OpenApiParameter("cursor", str),
            LIMIT,
            OpenApiParameter("archived", bool),
            OpenApiParameter("businessId", str),
            OpenApiParameter("unread", bool),
            OpenApiParameter("pinned", bool),
            OpenApiParameter("search", str, description="Matches the other side's names and the previews."),
            *(OpenApiParameter(name, str, description="For members.") for name in TEAM_FILTERS),
        ],
        responses=CONVERSATIONS(many=True),
    )
    def list(self, request: Request) -> Response:
        cursor, limit = request.query_params.get("cursor"), page_limit(request)
        filters = Filters(
            archived=query_flag(request, "archived"),
            business_id=request.query_params.get("businessId"),
            unread=query_flag(request, "unread"),
            pinned=query_flag(request, "pinned"),
            search=request.query_params.get("search", "")[:100],
            team=team_filter(request.user.pk, request.query_params),
        )
        found = conversation_page(request.user.pk, limit=limit, cursor=cursor, filters=filters)
        here = request.build_absolute_uri()
        return page(
            found.conversations,
            following=replace_query_param(here, "cursor", found.next) if found.next else None,
            previous=replace_query_param(here, "cursor", found.previous) if found.previous else None,
        )

    @extend_schema(request=serializer_for(OpenBody), responses={200: CONVERSATIONS, 201: CONVERSATIONS})
    def create(self, request: Request) -> Response:
        """Open a conversation. A customer names the business. A member also names the customer."""
        body = read_body(request, OpenBody)
        conversation, side, created = operations.open_conversation(
            user_id=request.user.pk, business_id=body.business_id, customer_id=body.customer_id
        )
        return Response(
            personal_object(request.user.pk, conversation, side),
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )

    @extend_schema(responses=CONVERSATIONS)
    def retrieve(self, request: Request, pk: str) -> Response:
        conversation, side = access.find_conversation(request.user.pk, pk)
        return Response(personal_object(request.user.pk, conversation, side))

    @extend_schema(request=serializer_for(ConversationBody), responses=CONVERSATIONS)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Archive the conversation on the user's side, or mute or pin it for the user alone."""
        body = read_body(request, ConversationBody)
        if body == ConversationBody():
            raise invalid("Set archived, mutedUntil or pinned.", field="archived")
        shown = arrange_conversation(
            user_id=request.user.pk,
            conversation_id=pk,
            archived=body.archived,
            muted_until=body.muted_until,
            pinned=body.pinned,
        )
        return Response(shown)

    @extend_schema(request=serializer_for(UnreadBody), responses=CONVERSATIONS)
    @action(detail=True, methods=["patch"])
    def unread(self, request: Request, pk: str) -> Response:
        """Count the messages from a `seq` on as unread again, for the user alone. The next read ends it."""
        body = read_body(request, UnreadBody)
        return Response(mark_unread(user_id=request.user.pk, conversation_id=pk, seq=body.seq))

    @extend_schema(parameters=[CURSOR, LIMIT], responses=serializer_for(ParticipantObject)(many=True))
    @action(detail=True, methods=["get"])
    def people(self, request: Request, pk: str) -> Response:
        """List the people who can write here: the customer first, then the members of the business by page."""
        conversation, _ = access.find_conversation(request.user.pk, pk)
        answer = MemberPages().respond(
            request,
            queries.members(conversation),
            lambda member: queries.participant(member.user, Side.BUSINESS),
        )
        if not request.query_params.get("cursor"):
            answer.data["results"].insert(0, queries.participant(conversation.customer, Side.CUSTOMER))
        return answer

    @extend_schema(
        parameters=[
            OpenApiParameter("before", int),
            OpenApiParameter("after", int),
            OpenApiParameter(
                "around", int, description="The message with this seq, and messages before and after it."
            ),
            LIMIT,
        ],
        responses=MESSAGES(many=True),
    )
    @action(detail=True, methods=["get"])
    def messages(self, request: Request, pk: str) -> Response:
        """List messages in ascending `seq`, starting with the newest page. Fetching marks them as delivered."""
        before = query_integer(request, "before", at_most=2**62)
        after = query_integer(request, "after", at_most=2**62)
        around = query_integer(request, "around", at_most=2**62)
        limit = page_limit(request)
        conversation, side, found = history.find_page(
            request.user.pk, pk, before=before, after=after, limit=limit
        )
        if after is not None and after > conversation.last_seq:
            # The client has seen messages that this database has lost, such as after a restore from a backup.
            return Response({**page_object([], following=None, previous=None), "resync": True})

        def read_page() -> history.MessagePage:
            if around is not None:
                return history.message_page_around(conversation.pk, around=around, limit=limit)
            return history.message_page(conversation.pk, before=before, after=after, limit=limit)

        if around is not None:
            found = read_page()
        fresh = history.undelivered(found.messages, side) if request.method == "GET" else []
        if operations.mark_delivered(user_id=request.user.pk, messages=fresh):
            # Read again: an edit may have been committed in between, with a `rev` below that of the receipts.
            found = read_page()
        following, previous = message_links(request.build_absolute_uri(), found)
        return page(found.messages, following=following, previous=previous)

    @extend_schema(request=serializer_for(SendBody), responses={200: MESSAGES, 201: MESSAGES})
    @messages.mapping.post
    def send(self, request: Request, pk: str) -> Response:
        """Send a message. A known `clientId` returns the stored message with 200."""
        body = read_body(request, SendBody)
        sent = operations.send_message(sender_id=request.user.pk, conversation_id=pk, body=body)
        return Response(sent.message, status=status.HTTP_201_CREATED if sent.created else status.HTTP_200_OK)

    @extend_schema(request=serializer_for(ReadBody), responses=serializer_for(ReadAnswer))
    @action(detail=True, methods=["patch"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark the messages of the other side as read: those up to `seq`, or all."""
        body = read_body(request, ReadBody)
        done = operations.mark_read(user_id=request.user.pk, conversation_id=pk, up_to_seq=body.seq)
        ids = [stamp.id for stamp in done.stamps]
        key = access.object_key(pk, "conversation")
        return Response(ReadAnswer(conversation_id=key, message_ids=ids, unread_count=done.unread_count))


class MessageViewSet(StructViewSet):
    """Read, edit or delete one message."""

    queryset = ChatMessage.objects.none()
    bodies = {"default": EditBody}
    scopes = {"view": "messages:read", "change": "messages:write"}

    @extend_schema(responses=MESSAGES)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(history.find_message(request.user.pk, pk))

    @extend_schema(request=serializer_for(EditBody), responses=MESSAGES)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Edit the message. Only its sender can do this. Earlier versions are kept."""
        content = read_body(request, EditBody).content
        return Response(operations.edit_message(user_id=request.user.pk, message_id=pk, content=content))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the message. Only its sender can do this. Moderators still see it."""
        operations.delete_message(user_id=request.user.pk, message_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=MESSAGES)
    @action(detail=True, methods=["put"], url_path=r"reactions/(?P<emoji>[^/]+)")
    def reactions(self, request: Request, pk: str, emoji: str) -> Response:
        """Add an emoji to a message. Repeating changes nothing."""
        return Response(add_reaction(user_id=request.user.pk, message_id=pk, emoji=emoji))

    @extend_schema(request=None, responses={204: None})
    @reactions.mapping.delete
    def take_off(self, request: Request, pk: str, emoji: str) -> Response:
        """Remove the user's emoji from a message."""
        remove_reaction(user_id=request.user.pk, message_id=pk, emoji=emoji)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(parameters=[CURSOR, LIMIT], responses=serializer_for(EditObject)(many=True))
    @action(detail=True, methods=["get"])
    def edits(self, request: Request, pk: str) -> Response:
        """List the earlier versions of the message, oldest first."""
        rows = history.message_edits(request.user.pk, pk)
        return EditPages().respond(
            request, rows, lambda edit: EditObject(content=edit.content, replaced_at=edit.replaced_at)
        )


class UnreadViewSet(StructViewSet):
    queryset = Conversation.objects.none()
    bodies = {"default": UnreadAnswer}
    scopes = {"view": "messages:read"}

    @extend_schema(responses=UNREAD)
    def list(self, request: Request) -> Response:
        """Count the user's unread messages in total and by conversation."""
        return Response(count_unread(request.user.pk))
