"""REST of the team: the state of conversations, `/team/members`, `/team/groups` and `/team/labels`.

API keys read a state and hand over. They have no scope for the rest.
"""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.http.api import read_body
from chatsite.http.pagination import page
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations.business_parameter import OF_BUSINESS, business_of
from conversations.models import Conversation, Label, Membership, TeamGroup, TeamState
from conversations.team import bulk, groups, labels, members, operations
from conversations.team.access import member_business
from conversations.team.named_views import IdPages, NamedOperations, NamedViewSet
from conversations.team.requests import (
    BulkBody,
    GroupBody,
    GroupChanges,
    LabelBody,
    LabelChanges,
    MemberChange,
    TeamBody,
)
from conversations.team.serializers import (
    BulkAnswer,
    GroupObject,
    LabelObject,
    MemberObject,
    TeamStateObject,
    group_object,
    label_object,
    member_object,
)

STATES = serializer_for(TeamStateObject)
GROUPS = serializer_for(GroupObject)
LABELS = serializer_for(LabelObject)
PAGES_OF_BUSINESS = [OF_BUSINESS, OpenApiParameter("cursor", str), LIMIT]


class TeamStateViewSet(StructViewSet):
    """The team's side of a conversation. For its customer it does not exist."""

    queryset = Conversation.objects.none()
    bodies = {"default": TeamBody}
    scopes = {"team": "messages:read", "hand_over": "conversations:write"}

    @extend_schema(responses=STATES)
    @action(detail=True, methods=["get"])
    def team(self, request: Request, pk: str) -> Response:
        """Return the status, assignee, group, priority and labels of the conversation."""
        return Response(operations.team_state(request.user.pk, pk))

    @extend_schema(request=serializer_for(TeamBody), responses=STATES)
    @team.mapping.patch
    def set_team(self, request: Request, pk: str) -> Response:
        """Set some of them. What is left out stays."""
        body = read_body(request, TeamBody)
        return Response(operations.set_team_state(user_id=request.user.pk, conversation_id=pk, body=body))

    @extend_schema(request=None, responses=STATES)
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: str) -> Response:
        """Make the conversation `pending` until a person of the team takes it. Repeating it changes nothing."""
        return Response(operations.hand_over(user_id=request.user.pk, conversation_id=pk))


class TeamStateListViewSet(StructViewSet):
    """The team's side of the conversations of a list."""

    queryset = TeamState.objects.none()
    bodies = {"default": TeamStateObject, "bulk": BulkBody}

    @extend_schema(
        parameters=[OpenApiParameter("ids", str, required=True, description="Ids, separated by commas.")],
        responses=STATES(many=True),
    )
    def list(self, request: Request) -> Response:
        """Return what the team has set for these conversations. Others, and untouched ones, are left out."""
        ids = [raw for raw in request.query_params.get("ids", "").split(",") if raw]
        return page(operations.team_states(request.user.pk, ids), following=None, previous=None)

    @extend_schema(request=serializer_for(BulkBody), responses=serializer_for(BulkAnswer))
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Change up to 100 conversations, one by one. Each costs as much as a single change."""
        changes = read_body(request, BulkBody).changes
        return Response(BulkAnswer(results=bulk.set_team_states(user_id=request.user.pk, changes=changes)))


class MemberViewSet(StructViewSet):
    """The members of a team, for its members."""

    queryset = Membership.objects.none()
    bodies = {"default": MemberChange, "list": MemberObject}

    @extend_schema(parameters=PAGES_OF_BUSINESS, responses=serializer_for(MemberObject)(many=True))
    def list(self, request: Request) -> Response:
        """List the members of a business in the order in which they joined."""
        business = member_business(request.user.pk, business_of(request))
        return IdPages().respond(request, business.memberships.select_related("user"), member_object)

    @extend_schema(request=serializer_for(MemberChange), responses=serializer_for(MemberObject))
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set the role of a member, as an owner."""
        body = read_body(request, MemberChange)
        changed = members.set_role(
            user_id=request.user.pk, business_id=body.business_id, member_id=pk, role=body.role
        )
        return Response(member_object(changed))

    @extend_schema(parameters=[OF_BUSINESS], responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Remove a member, as an owner, or leave the team."""
        members.end_membership(user_id=request.user.pk, business_id=business_of(request), member_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    list=extend_schema(
        description="List the groups of a business.",
        parameters=PAGES_OF_BUSINESS,
        responses=GROUPS(many=True),
    ),
    create=extend_schema(
        description="Make a group, as an owner.",
        request=serializer_for(GroupBody),
        responses={201: GROUPS},
    ),
    partial_update=extend_schema(
        description="Rename the group or set its members, as an owner.",
        request=serializer_for(GroupChanges),
        responses=GROUPS,
    ),
    destroy=extend_schema(
        description="Delete the group, as an owner. Its conversations then belong to no group.",
        responses={204: None},
    ),
)
class GroupViewSet(NamedViewSet):
    """The groups of a team. Members see them; owners change them."""

    queryset = TeamGroup.objects.none()
    bodies = {"default": GroupChanges, "list": GroupBody, "create": GroupBody}
    named_operations = NamedOperations(
        of_business=groups.groups_of,
        make=groups.make_group,
        change=groups.change_group,
        delete=groups.delete_group,
        show=group_object,
    )


@extend_schema_view(
    list=extend_schema(
        description="List the labels of a business.",
        parameters=PAGES_OF_BUSINESS,
        responses=LABELS(many=True),
    ),
    create=extend_schema(
        description="Make a label.", request=serializer_for(LabelBody), responses={201: LABELS}
    ),
    partial_update=extend_schema(
        description="Rename or recolour the label.", request=serializer_for(LabelChanges), responses=LABELS
    ),
    destroy=extend_schema(
        description="Delete the label. It goes from all conversations.", responses={204: None}
    ),
)
class LabelViewSet(NamedViewSet):
    """The labels of a business. Every member may change them."""

    queryset = Label.objects.none()
    bodies = {"default": LabelChanges, "list": LabelBody, "create": LabelBody}
    named_operations = NamedOperations(
        of_business=labels.labels_of,
        make=labels.make_label,
        change=labels.change_label,
        delete=labels.delete_label,
        show=label_object,
    )
