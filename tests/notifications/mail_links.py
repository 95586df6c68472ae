"""Requests about invitations to an e-mail address, and the mails that they send."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.contrib.auth.models import User
from django.core import mail
from django_tasks_db.models import DBTaskResult

from conversations.models import Membership
from notifications import invitation_mails
from tests.notifications.conftest import Town, make_api

ADDRESS = "nina@mail.example"
Json = dict[str, Any]


def newcomer(town: Town) -> User:
    return town.newcomer(f"user-{secrets.token_hex(4)}")


def invite(town: Town, email: str = ADDRESS, by: User | None = None, **more: Any) -> tuple[int, Json]:
    body = {"businessId": str(town.shop.pk), "email": email, **more}
    answer = make_api(by or town.olivia).post("/team/invitations", body, format="json")
    return answer.status_code, answer.json()


def refused(answer: tuple[int, Json]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def send_mails() -> None:
    for row in DBTaskResult.objects.filter(task_path__endswith=".send_invitation"):
        invitation_mails.send_invitation.func(*row.args_kwargs["args"])
    DBTaskResult.objects.all().delete()


def link() -> str:
    """Return the path of the page that the last mail leads to."""
    found = re.search(r"https://chat\.example(/invitation/\S+)", str(mail.outbox[-1].body))
    assert found is not None, mail.outbox[-1].body
    return found[1]


def token() -> str:
    return link().rsplit("/", 1)[1]


def answer_link(user: User, verb: str = "accept") -> tuple[int, Json]:
    answer = make_api(user).post(f"/team/invitations/{verb}", {"token": token()}, format="json")
    return answer.status_code, answer.json()


def is_member(town: Town, user: User) -> bool:
    return Membership.objects.filter(business=town.shop, user=user).exists()


def with_address(user: User, email: str = ADDRESS) -> User:
    user.email = email
    user.save()
    return user
