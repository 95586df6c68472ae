"""REST viewsets over operations and queries. `docs/notifications.md` describes them for clients."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from chatsite.errors import invalid
from chatsite.http.api import read_body
from chatsite.http.query_parameters import query_flag
from chatsite.http.struct_serializers import serializer_for
from chatsite.http.viewsets import LIMIT, StructViewSet
from conversations.access import find_conversation
from notifications import access, invitations, mail_invitations, offers, operations, queries
from notifications.models import Invitation, Notification, Offer
from notifications.pagination import IdPages, NotificationPages
from notifications.serializers import (
    InvitationLinkBody,
    InvitationObject,
    InviteBody,
    NotificationObject,
    OfferBody,
    OfferObject,
    ReadAllAnswer,
    UnreadNotifications,
    invitation_object,
    notification_object,
    offer_object,
)

NOTIFICATIONS = serializer_for(NotificationObject)
INVITATIONS = serializer_for(InvitationObject)
OFFERS = serializer_for(OfferObject)
CURSOR = OpenApiParameter("cursor", str)
TYPE = OpenApiParameter("type", str, description="Only notifications of this type.")


def _type(request: Request) -> str | None:
    return request.query_params.get("type") or None


class NotificationViewSet(StructViewSet):
    """The user's notifications, newest first. `/chat/unread-count` counts unread chat messages."""

    queryset = Notification.objects.none()
    bodies = {"default": NotificationObject}

    @extend_schema(
        parameters=[TYPE, OpenApiParameter("unread", bool), CURSOR, LIMIT], responses=NOTIFICATIONS(many=True)
    )
    def list(self, request: Request) -> Response:
        rows = queries.notifications(
            request.user.pk, kind=_type(request), unread=query_flag(request, "unread")
        )
        return NotificationPages().respond(request, rows, notification_object)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the notification from the user's list on all devices."""
        operations.delete_notification(user_id=request.user.pk, notification_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=NOTIFICATIONS)
    @action(detail=True, methods=["patch"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark the notification as read."""
        return Response(operations.mark_read(user_id=request.user.pk, notification_id=pk))

    @extend_schema(request=None, parameters=[TYPE], responses=serializer_for(ReadAllAnswer))
    @action(detail=False, methods=["patch"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark all notifications, or all of one type, as read."""
        return Response(operations.mark_all_read(user_id=request.user.pk, kind=_type(request)))

    @extend_schema(responses=serializer_for(UnreadNotifications))
    @action(detail=False, methods=["get"], url_path="unread-count")
    def unread_count(self, request: Request) -> Response:
        """Count unread notifications in total and by type."""
        return Response(queries.unread(request.user.pk))


class InvitationViewSet(StructViewSet):
    """Invitations to join a business. Owners make and revoke them. The invited user answers them."""

    queryset = Invitation.objects.none()
    bodies = {
        "default": InvitationObject,
        "list": InviteBody,
        "create": InviteBody,
        "accept_by_link": InvitationLinkBody,
        "decline_by_link": InvitationLinkBody,
    }

    @extend_schema(
        parameters=[OpenApiParameter("businessId", str), CURSOR, LIMIT], responses=INVITATIONS(many=True)
    )
    def list(self, request: Request) -> Response:
        """List the user's received invitations or, with `businessId`, those of a business the user owns."""
        business_id = request.query_params.get("businessId")
        if business_id:
            rows = queries.invitations_of(request.user.pk, business_id)
        else:
            rows = queries.invitations_to(request.user.pk)
        return IdPages().respond(request, rows, invitation_object)

    @extend_schema(request=serializer_for(InviteBody), responses={201: INVITATIONS})
    def create(self, request: Request) -> Response:
        """Invite a user or an e-mail address to a business. Only its owners can do this."""
        invitation = mail_invitations.invite_somebody(request.user.pk, read_body(request, InviteBody))
        return Response(invitation_object(invitation), status=status.HTTP_201_CREATED)

    @extend_schema(responses=INVITATIONS)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(invitation_object(access.find_invitation(request.user.pk, pk)))

    @extend_schema(
        operation_id="team_invitations_accept_by_link",
        request=serializer_for(InvitationLinkBody),
        responses=INVITATIONS,
    )
    @action(detail=False, methods=["post"], url_path="accept")
    def accept_by_link(self, request: Request) -> Response:
        """Accept an invitation to the user's e-mail address, by the token in the mail's link."""
        token = read_body(request, InvitationLinkBody).token
        return Response(invitation_object(mail_invitations.accept_by_link(user=request.user, token=token)))

    @extend_schema(
        operation_id="team_invitations_decline_by_link",
        request=serializer_for(InvitationLinkBody),
        responses=INVITATIONS,
    )
    @action(detail=False, methods=["post"], url_path="decline")
    def decline_by_link(self, request: Request) -> Response:
        """Decline an invitation by the token in the mail's link."""
        token = read_body(request, InvitationLinkBody).token
        return Response(invitation_object(mail_invitations.decline_by_link(token=token)))

    @extend_schema(request=None, responses=INVITATIONS)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Accept the invitation and join the business."""
        return Response(invitation_object(invitations.accept(user_id=request.user.pk, invitation_id=pk)))

    @extend_schema(request=None, responses=INVITATIONS)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        return Response(invitation_object(invitations.decline(user_id=request.user.pk, invitation_id=pk)))

    @extend_schema(request=None, responses=INVITATIONS)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """Revoke an open invitation. Only an owner of the business can do this."""
        return Response(invitation_object(invitations.revoke(user_id=request.user.pk, invitation_id=pk)))


class OfferViewSet(StructViewSet):
    """Offers in the user's conversations. Members make and withdraw them. The customer answers them."""

    queryset = Offer.objects.none()
    bodies = {"default": OfferObject, "list": OfferBody, "create": OfferBody}

    @extend_schema(
        parameters=[OpenApiParameter("conversationId", str, required=True), CURSOR, LIMIT],
        responses=OFFERS(many=True),
    )
    def list(self, request: Request) -> Response:
        """List the offers of one conversation, newest first."""
        conversation_id = request.query_params.get("conversationId")
        if not conversation_id:
            raise invalid("conversationId is required.", field="conversationId")
        conversation, _ = find_conversation(request.user.pk, conversation_id)
        return IdPages().respond(request, queries.offers_in(conversation), offer_object)

    @extend_schema(request=serializer_for(OfferBody), responses={200: OFFERS, 201: OFFERS})
    def create(self, request: Request) -> Response:
        """Make an offer to the customer of a conversation. A known `clientId` returns the stored offer with 200."""
        body = read_body(request, OfferBody)
        offer, created = offers.make_offer(
            author_id=request.user.pk,
            conversation_id=body.conversation_id,
            title=body.title,
            amount_minor=body.amount_minor,
            currency=body.currency,
            expires_at=body.expires_at,
            description=body.description,
            client_id=body.client_id,
        )
        return Response(
            offer_object(offer), status=status.HTTP_201_CREATED if created else status.HTTP_200_OK
        )

    @extend_schema(responses=OFFERS)
    def retrieve(self, request: Request, pk: str) -> Response:
        offer, _ = access.find_offer(request.user.pk, pk)
        return Response(offer_object(offer))

    @extend_schema(request=None, responses=OFFERS)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Accept the offer. Only the customer can do this."""
        return Response(offer_object(offers.accept_offer(user_id=request.user.pk, offer_id=pk)))

    @extend_schema(request=None, responses=OFFERS)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Decline the offer. Only the customer can do this."""
        return Response(offer_object(offers.decline_offer(user_id=request.user.pk, offer_id=pk)))

    @extend_schema(request=None, responses=OFFERS)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Withdraw an open offer. Only a member of the business can do this."""
        return Response(offer_object(offers.withdraw_offer(user_id=request.user.pk, offer_id=pk)))
