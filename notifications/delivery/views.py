"""REST: notification settings, push subscriptions, decisions, and the address that ends mails."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chatsite.errors import DomainError, not_found
from chatsite.http.api import read_body
from chatsite.http.pagination import page
from chatsite.http.struct_serializers import serializer_for
from chatsite.identity.claims import Claims
from notifications.delivery.mail.unsubscribe import turn_mails_off, user_of
from notifications.delivery.notices import last_of
from notifications.delivery.operations import change_settings, find_settings
from notifications.delivery.push.subscriptions import subscribe, unsubscribe
from notifications.delivery.push.vapid import public_key_of
from notifications.delivery.serializers import (
    DecisionObject,
    PushKeyObject,
    SettingsBody,
    SettingsObject,
    SubscriptionBody,
    SubscriptionObject,
    decision_object,
    settings_object,
    subscription_object,
)


class NotificationSettingsView(APIView):
    """When the reader gets push and mail about unread messages."""

    @extend_schema(responses=serializer_for(SettingsObject))
    def get(self, request: Request) -> Response:
        """The reader's choices. Null: each business's default applies in its conversations."""
        return Response(settings_object(find_settings(request.user.pk)))

    @extend_schema(request=serializer_for(SettingsBody), responses=serializer_for(SettingsObject))
    def patch(self, request: Request) -> Response:
        """Change the fields in the body."""
        body = read_body(request, SettingsBody)
        return Response(settings_object(change_settings(user_id=request.user.pk, changes=body)))


class DecisionsView(APIView):
    """Why the reader got a push or a mail, or did not."""

    @extend_schema(responses=serializer_for(DecisionObject)(many=True))
    def get(self, request: Request) -> Response:
        """The last 50, newest first."""
        return page([decision_object(row) for row in last_of(request.user.pk)])


class PushKeyView(APIView):
    @extend_schema(responses=serializer_for(PushKeyObject))
    def get(self, request: Request) -> Response:
        """The key that a browser needs to subscribe; `not_found` if the site sends no push."""
        if not settings.VAPID_PRIVATE_KEY:
            raise not_found("push key")
        return Response(PushKeyObject(key=public_key_of(settings.VAPID_PRIVATE_KEY)))


class PushSubscriptionsView(APIView):
    @extend_schema(
        request=serializer_for(SubscriptionBody), responses={201: serializer_for(SubscriptionObject)}
    )
    def post(self, request: Request) -> Response:
        """Subscribe a browser. Repeating it renews the keys."""
        if not settings.VAPID_PRIVATE_KEY:
            raise DomainError("conflict", "This site does not send push notifications.")
        body = read_body(request, SubscriptionBody)
        row = subscribe(
            user=request.user,
            endpoint=body.endpoint,
            p256dh=body.keys.p256dh,
            auth=body.keys.auth,
            device=request.headers.get("User-Agent", ""),
            **_login_of(request),
        )
        return Response(subscription_object(row), status=status.HTTP_201_CREATED)


def _login_of(request: Request) -> dict[str, Any]:
    """Return what ends the subscription: the token login, or else the browser's session."""
    if isinstance(request.auth, Claims):
        return {"login_id": request.auth.login_id}
    return {"session_key": request.session.session_key or ""}


class PushSubscriptionView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, subscription_id: str) -> Response:
        """End the subscription of one of the reader's browsers."""
        unsubscribe(user_id=request.user.pk, subscription_id=subscription_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(csrf_exempt, name="dispatch")
class UnsubscribeView(View):
    """The address in `List-Unsubscribe`. Mail programs send a POST; people see a page with a button.

    A GET changes nothing, because mail scanners open every link.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._page(request, token, done=False)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            turn_mails_off(token)
        except DomainError:
            return self._page(request, token, done=False)
        return self._page(request, token, done=True)

    def _page(self, request: HttpRequest, token: str, *, done: bool) -> HttpResponse:
        context: dict[str, Any] = {"done": done, "known": True}
        try:
            user_of(token)
        except DomainError:
            context["known"] = False
        response = render(request, "mail/unsubscribe.html", context, status=200 if context["known"] else 404)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response
