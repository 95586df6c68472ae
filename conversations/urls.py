from django.urls import include, path, re_path

from chatsite.http.viewsets import Router
from conversations import views
from conversations.assistants.views import AssistViewSet
from conversations.attachments.views import AttachmentViewSet, UploadViewSet
from conversations.blocks.views import BlockViewSet
from conversations.bots.views import BotViewSet
from conversations.business_views import BusinessViewSet
from conversations.moderation import views as report_views
from conversations.search.views import SearchViewSet
from conversations.team.assignment.views import AssignmentViewSet
from conversations.team.automations.views import AutomationsViewSet
from conversations.team.canned.views import CannedAnswerViewSet
from conversations.team.customer.views import CustomerPanelViewSet
from conversations.team.hours.views import AvailabilityViewSet, BusinessHoursViewSet
from conversations.team.note_views import NoteViewSet
from conversations.team.reports.views import CsatSettingsViewSet, RatingViewSet, ReportViewSet
from conversations.team.saved_views.views import SavedViewViewSet
from conversations.team.views import (
    GroupViewSet,
    LabelViewSet,
    MemberViewSet,
    TeamStateListViewSet,
    TeamStateViewSet,
)

router = Router()
router.register("conversations", views.ConversationViewSet, basename="conversation")
router.register("messages", views.MessageViewSet, basename="message")
router.register("businesses", BusinessViewSet, basename="business")
router.register("businesses", AvailabilityViewSet, basename="availability")
router.register("unread-count", views.UnreadViewSet, basename="unread-count")
router.register("search", SearchViewSet, basename="search")
router.register("uploads", UploadViewSet, basename="upload")
router.register("attachments", AttachmentViewSet, basename="attachment")
router.register("blocks", BlockViewSet, basename="block")
router.register("reports", report_views.ReportViewSet, basename="report")

router.register("conversations", TeamStateViewSet, basename="conversation-team")
router.register("conversations", NoteViewSet, basename="conversation-note")
router.register("conversations", CustomerPanelViewSet, basename="conversation-customer")
router.register("conversations", RatingViewSet, basename="conversation-rating")

assist = AssistViewSet.as_view({"post": "ask"})

team = Router()
team.register("assignment", AssignmentViewSet, basename="team-assignment")
team.register("automations", AutomationsViewSet, basename="automations")
team.register("csat", CsatSettingsViewSet, basename="csat")
team.register("reports", ReportViewSet, basename="team-report")
team.register("canned-answers", CannedAnswerViewSet, basename="canned-answer")
team.register("business-hours", BusinessHoursViewSet, basename="business-hours")
team.register("states", TeamStateListViewSet, basename="team-state")
team.register("members", MemberViewSet, basename="team-member")
team.register("groups", GroupViewSet, basename="team-group")
team.register("labels", LabelViewSet, basename="team-label")
team.register("views", SavedViewViewSet, basename="saved-view")

bots = Router()
bots.register("bots", BotViewSet, basename="bot")

urlpatterns = [
    re_path(r"^chat/conversations/(?P<pk>[^/.]+)/assist/?$", assist, name="conversation-assist"),
    path("chat/", include(router.urls)),
    path("team/", include(team.urls)),
    path("", include(bots.urls)),
]
