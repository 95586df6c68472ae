"""A member's browser on the pages of webhooks, bots and API keys."""

from __future__ import annotations

import html
import re
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Business
from notifications.webhooks.models import Webhook

URL = "http://127.0.0.1:9/hook?token=x"
SECRET = re.compile(r"<code[^>]*>([^<]+)</code>")


class Pages:
    """The browser of a member, on the pages of one business."""

    def __init__(self, shop: Business, user: User) -> None:
        self.shop, self.user = shop, user
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(user)

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(f"/app/team/{self.shop.pk}/{path}", query)

    def text(self, path: str, **query: str) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200
        return html.unescape(answer.content.decode())

    @cached_property
    def token(self) -> str:
        return str(self.client.get("/app/form-token").json()["csrfToken"])

    def submit(self, path: str, **fields: Any) -> Any:
        body = {**fields, "csrfmiddlewaretoken": self.token}
        return self.client.post(f"/app/team/{self.shop.pk}/{path}", body)

    def add_webhook(self) -> tuple[str, str]:
        """Add an endpoint. Return its page and the secret."""
        answer = self.submit("webhooks", url=URL, events=["message.created"], description="our CRM")
        assert answer.status_code == 200
        return f"webhooks/{Webhook.objects.latest('pk').pk}", secret_in(answer)

    def add_bot(self) -> str:
        """Add a bot. Return its page."""
        answer = self.submit("bots", name="Helper")
        assert answer.status_code == 302
        return str(answer["Location"].partition(f"{self.shop.pk}/")[2])


def secret_in(answer: Any) -> str:
    [secret] = SECRET.findall(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    return str(secret)
