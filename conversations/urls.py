from django.urls import include, path
from rest_framework.routers import SimpleRouter

from conversations import views


class Router(SimpleRouter):
    """A trailing slash is accepted and never needed."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"


router = Router()
router.register("conversations", views.ConversationViewSet, basename="conversation")
router.register("messages", views.MessageViewSet, basename="message")
router.register("businesses", views.BusinessViewSet, basename="business")
router.register("unread-count", views.UnreadViewSet, basename="unread-count")

urlpatterns = [path("chat/", include(router.urls))]
