from django.urls import path, re_path
from django.views.i18n import JavaScriptCatalog, set_language

from chatsite.web import alerts, entrance, posts, views

app_name = "web"

urlpatterns = [
    path("", entrance.landing, name="landing"),
    re_path(r"^sign-in/?$", entrance.sign_in, name="sign-in"),
    re_path(r"^sign-out/?$", entrance.sign_out, name="sign-out"),
    re_path(r"^app/?$", views.inbox, name="inbox"),
    re_path(r"^app/find/?$", views.find, name="find"),
    re_path(r"^app/open/?$", posts.open_conversation, name="open"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/?$", views.conversation, name="conversation"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/thread/?$", views.thread, name="thread"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/send/?$", posts.send, name="send"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/read/?$", posts.read, name="read"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/archive/?$", posts.archive, name="archive"),
    re_path(r"^app/notifications/?$", alerts.notifications, name="notifications"),
    re_path(r"^app/notifications/read-all/?$", alerts.read_all, name="notifications-read-all"),
    re_path(
        r"^app/notifications/(?P<notification_id>[0-9a-f-]{36})/(?P<verb>read|delete|accept|decline)/?$",
        alerts.act,
        name="notification-act",
    ),
    re_path(r"^web/texts\.js$", JavaScriptCatalog.as_view(packages=["chatsite.web"]), name="texts"),
    re_path(r"^web/language/?$", set_language, name="language"),
]
