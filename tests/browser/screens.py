"""Every screen of the site, with something to see on it: also those behind the links of mails."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from tests.harness.backend import Deployment

MAKE: Final = """
import json
from datetime import timedelta
from uuid import uuid4
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from chatsite.identity.account_mails import confirmation_token
from conversations.bots.operations import create_bot, create_key
from conversations.models import Business, CannedAnswer, Episode, Membership
from conversations.operations import open_conversation, send_message
from conversations.requests import SendBody
from conversations.team.operations import set_team_state
from conversations.team.reports.models import CsatSettings
from conversations.team.reports.recording import measure_episode
from conversations.team.requests import TeamBody
from notifications.delivery.mail.rating_request import rating_token
from notifications.delivery.mail.unsubscribe import unsubscribe_token
from notifications.invitation_mails import invitation_token
from notifications.models import Invitation
from notifications.webhooks.models import Webhook, WebhookDelivery, WebhookEvent

def person(name, last):
    return User.objects.create_user(name, f"{name}@mail.example", first_name=name.title(), last_name=last)

bea, carol, nina = person("bea", "Lindqvist"), person("carol", "Jensen"), person("nina", "Moreau")
shop = Business.objects.create(name="Bea's Books and Bindings", slug="books")
Membership.objects.create(business=shop, user=bea, role="owner")
where, _, _ = open_conversation(user_id=carol.pk, business_id=str(shop.pk))
for sender, text in ((carol, "Can you bind my thesis by Friday?"), (bea, "Yes, if it is here by noon tomorrow.")):
    send_message(sender_id=sender.pk, conversation_id=where.pk, body=SendBody(content=text))
CsatSettings.objects.create(business=shop, enabled=True)
done = TeamBody(status="resolved", assignee_id=str(bea.pk))
set_team_state(user_id=bea.pk, conversation_id=where.pk, body=done)
where.refresh_from_db()
measure_episode.call(str(where.pk), where.last_seq)
endpoint = Webhook.objects.create(
    business=shop, url="https://crm.books.example/hooks/chat", events=["*"], description="Our CRM", created_by=bea
)
for state, answer in (("delivered", {"status": 204}), ("failed", {"status": 500}), ("pending", {})):
    event = WebhookEvent.objects.create(type="message.created", business_id=shop.pk, body="{}")
    WebhookDelivery.objects.create(
        webhook=endpoint, event=event, sequence=uuid4(), state=state, answer=answer, attempts=len(answer) * 3
    )
bot = create_bot(user_id=bea.pk, business_id=str(shop.pk), name="Order helper")
for name in ("Shop system", "Trial"):
    create_key(user_id=bea.pk, bot_id=str(bot.user_id), name=name, scopes=["messages:write"], expires_at=None)
until = timezone.now() + timedelta(days=7)
invitation = Invitation.objects.create(
    business=shop, inviter=bea, email="nina@mail.example", role="agent", expires_at=until
)
invitation_page = invitation_token(invitation.pk)
rating = reverse("rate-by-mail", args=[rating_token(Episode.objects.get(conversation=where).pk)])
kim = User.objects.create_user("kim", "kim@mail.example", "forgotten long ago")
key = urlsafe_base64_encode(force_bytes(kim.pk))
team = f"/app/team/{shop.pk}"

def session_of(user):
    client = Client()
    client.force_login(user)
    return client.session.session_key

anybody = {
    "landing": "/",
    "sign-up": "/sign-up",
    "forgot-password": "/forgot-password",
    "new-password": f"/new-password/{key}/{default_token_generator.make_token(kim)}",
    "old-link": "/new-password/MQ/x-y",
    "new-password-set": "/new-password-set",
    "confirm-email": f"/confirm-email/{confirmation_token(carol, 'c@mail.example')}",
    "invitation": f"/invitation/{invitation_page}",
    "rating": rating,
    "rating-chosen": f"{rating}?score=4",
    "rating-closed": "/mail/rate/x",
    "unsubscribe": f"/mail/unsubscribe/{unsubscribe_token(carol.pk)}",
    "unsubscribe-unknown": "/mail/unsubscribe/x",
    "decline-invitation": f"/mail/decline-invitation/{invitation_page}",
    "decline-closed": "/mail/decline-invitation/x",
    "not-found": "/no/such/page",
    "event-reference": "/api/events",
}
customer = {
    "customer-list": "/app",
    "customer-thread": f"/app/c/{where.pk}",
    "find": "/app/find",
    "notifications": "/app/notifications",
    "notification-settings": "/app/notification-settings",
    "print": f"/app/c/{where.pk}/print",
}
owner = {
    "inbox": "/app",
    "thread": f"/app/c/{where.pk}",
    "customer": f"/app/c/{where.pk}/customer",
    "team-settings": f"{team}/settings",
    "members": f"{team}/members",
    "reports": f"{team}/reports",
    "widget": f"{team}/widget",
    "webhooks": f"{team}/webhooks",
    "webhook": f"{team}/webhooks/{endpoint.pk}",
    "bots": f"{team}/bots",
    "bot": f"{team}/bots/{bot.user_id}",
}
invited = {"invited": f"/invitation/{invitation_page}"}
signed_in = ((carol, customer), (bea, owner), (nina, invited))
print("screens", json.dumps([("", anybody), *((session_of(user), paths) for user, paths in signed_in)]))
"""


class Screens(NamedTuple):
    """The screens of one person. `session` is the key of the session, or "" for everybody."""

    session: str
    paths: dict[str, str]


def make_screens(deployment: Deployment) -> list[Screens]:
    printed = deployment.shell(MAKE).splitlines()
    made = next(line for line in printed if line.startswith("screens ")).removeprefix("screens ")
    return [Screens(*group) for group in json.loads(made)]
