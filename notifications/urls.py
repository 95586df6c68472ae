from django.urls import include, path

from chatsite.http.viewsets import Router
from notifications import views

router = Router()
router.register("notifications", views.NotificationViewSet, basename="notification")
router.register("team/invitations", views.InvitationViewSet, basename="invitation")
router.register("offers", views.OfferViewSet, basename="offer")

urlpatterns = [path("", include(router.urls))]
