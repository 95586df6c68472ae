from django.urls import path, re_path
from django.views.decorators.cache import cache_control
from django.views.i18n import JavaScriptCatalog, set_language

from chatsite.web import (
    account_views,
    auth_views,
    customer_page,
    form_views,
    integration_views,
    invitation_views,
    notification_settings_views,
    notification_views,
    push_views,
    reference_views,
    team_settings_views,
    views,
)

app_name = "web"

# The address that pages use changes with the texts (`texts_address`).
texts = cache_control(public=True, max_age=365 * 86_400, immutable=True)(
    JavaScriptCatalog.as_view(packages=["chatsite.web"])
)

urlpatterns = [
    path("", auth_views.landing, name="landing"),
    re_path(r"^sign-in/?$", auth_views.sign_in, name="sign-in"),
    re_path(r"^sign-out/?$", auth_views.sign_out, name="sign-out"),
    re_path(r"^sign-up/?$", account_views.sign_up, name="sign-up"),
    re_path(r"^confirm-email/(?P<token>[\w:.-]+)/?$", account_views.confirm_email, name="confirm-email"),
    re_path(r"^forgot-password/?$", account_views.forgot_password, name="forgot-password"),
    re_path(
        r"^new-password/(?P<uidb64>[\w-]+)/(?P<token>[\w-]+)/?$",
        account_views.new_password,
        name="new-password",
    ),
    re_path(r"^new-password-set/?$", account_views.new_password_set, name="new-password-set"),
    re_path(r"^invitation/(?P<token>[\w:.-]+)/?$", invitation_views.invitation, name="invitation"),
    re_path(r"^app/?$", views.inbox, name="inbox"),
    re_path(r"^app/find/?$", views.find, name="find"),
    re_path(r"^app/open/?$", form_views.open_conversation, name="open"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/?$", views.conversation, name="conversation"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/thread/?$", views.thread, name="thread"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/print/?$", views.print_conversation, name="print"),
    re_path(
        r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/customer/?$", customer_page.customer, name="customer"
    ),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/send/?$", form_views.send, name="send"),
    re_path(
        r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/send-file/?$", form_views.send_file, name="send-file"
    ),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/read/?$", form_views.read, name="read"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/rate/?$", form_views.rate, name="rate"),
    re_path(r"^app/c/(?P<conversation_id>[0-9a-f-]{36})/archive/?$", form_views.archive, name="archive"),
    re_path(r"^app/notifications/?$", notification_views.notifications, name="notifications"),
    re_path(r"^app/notifications/read-all/?$", notification_views.read_all, name="notifications-read-all"),
    re_path(
        r"^app/notifications/(?P<notification_id>[0-9a-f-]{36})/(?P<verb>read|delete|accept|decline)/?$",
        notification_views.act,
        name="notification-act",
    ),
    re_path(
        r"^app/notification-settings/?$",
        notification_settings_views.notification_settings,
        name="notification-settings",
    ),
    re_path(
        r"^app/notification-settings/devices/(?P<subscription_id>[0-9a-f-]{36})/remove/?$",
        notification_settings_views.remove_device,
        name="remove-device",
    ),
    re_path(
        r"^app/notification-settings/muted/(?P<conversation_id>[0-9a-f-]{36})/unmute/?$",
        notification_settings_views.unmute,
        name="unmute",
    ),
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/settings/?$",
        team_settings_views.team_settings,
        name="team-settings",
    ),
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/canned-answers/send-file/?$",
        team_settings_views.save_canned_answer,
        name="save-canned-answer",
    ),
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/members/?$",
        team_settings_views.team_members,
        name="team-members",
    ),
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/reports/?$",
        team_settings_views.team_reports,
        name="team-reports",
    ),
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/webhooks/?$",
        integration_views.webhooks,
        name="team-webhooks",
    ),
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/webhooks/(?P<webhook_id>[0-9a-f-]{36})/?$",
        integration_views.webhook,
        name="team-webhook",
    ),
    re_path(r"^app/team/(?P<business_id>[0-9a-f-]{36})/bots/?$", integration_views.bots, name="team-bots"),
    re_path(
        r"^app/team/(?P<business_id>[0-9a-f-]{36})/bots/(?P<bot_id>[\w-]+)/?$",
        integration_views.bot,
        name="team-bot",
    ),
    re_path(r"^api/events/?$", reference_views.event_reference, name="event-reference"),
    path("app/push-worker.js", push_views.push_worker, name="push-worker"),
    path("app/form-token", push_views.form_token, name="form-token"),
    path("app/manifest.webmanifest", push_views.manifest, name="manifest"),
    re_path(rf"^app/icon-(?P<name>{'|'.join(push_views.ICONS)})\.png$", push_views.icon, name="icon"),
    re_path(r"^web/texts\.js$", texts, name="texts"),
    re_path(r"^web/language/?$", set_language, name="language"),
]
