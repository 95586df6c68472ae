from django.urls import include, path

from chatsite.http.viewsets import Router
from notifications import views
from notifications.webhooks.views import WebhookViewSet

router = Router()
router.register("notifications", views.NotificationViewSet, basename="notification")
router.register("team/invitations", views.InvitationViewSet, basename="invitation")
router.register("offers", views.OfferViewSet, basename="offer")
router.register("webhooks", WebhookViewSet, basename="webhook")

urlpatterns = [path("", include(router.urls))]
