from django.conf import settings
from django.urls import include, path, re_path

from chatsite.http.viewsets import Router
from notifications import views
from notifications.delivery import views as delivery
from notifications.delivery.rating_views import RateByMailView
from notifications.invitation_views import DeclineByMailView
from notifications.webhooks.views import WebhookViewSet

router = Router()
router.register("notifications", views.NotificationViewSet, basename="notification")
router.register("team/invitations", views.InvitationViewSet, basename="invitation")
router.register("offers", views.OfferViewSet, basename="offer")
router.register("webhooks", WebhookViewSet, basename="webhook")

takes_webhooks = bool(getattr(settings, "ANYMAIL", {}).get("WEBHOOK_SECRET"))

urlpatterns = [
    *([path("mail/inbound/", include("anymail.urls"))] if takes_webhooks else []),
    path("", include(router.urls)),
    re_path(r"^me/notification-settings/?$", delivery.NotificationSettingsView.as_view()),
    re_path(r"^me/notification-decisions/?$", delivery.DecisionsView.as_view()),
    re_path(r"^push/key/?$", delivery.PushKeyView.as_view()),
    re_path(r"^push/subscriptions/?$", delivery.PushSubscriptionsView.as_view()),
    re_path(r"^push/subscriptions/(?P<subscription_id>[^/]+)/?$", delivery.PushSubscriptionView.as_view()),
    re_path(
        r"^mail/unsubscribe/(?P<token>[\w:.-]+)/?$", delivery.UnsubscribeView.as_view(), name="unsubscribe"
    ),
    re_path(r"^mail/rate/(?P<token>[\w:.-]+)/?$", RateByMailView.as_view(), name="rate-by-mail"),
    re_path(
        r"^mail/decline-invitation/(?P<token>[\w:.-]+)/?$",
        DeclineByMailView.as_view(),
        name="decline-by-mail",
    ),
]
