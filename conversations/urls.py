from django.urls import include, path

from chatsite.viewsets import Router
from conversations import report_views, views

router = Router()
router.register("conversations", views.ConversationViewSet, basename="conversation")
router.register("messages", views.MessageViewSet, basename="message")
router.register("businesses", views.BusinessViewSet, basename="business")
router.register("unread-count", views.UnreadViewSet, basename="unread-count")
router.register("reports", report_views.ReportViewSet, basename="report")

urlpatterns = [path("chat/", include(router.urls))]
