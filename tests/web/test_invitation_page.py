"""The page behind the link of an invitation's mail: sign in or sign up, and accept or decline."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from conversations.models import Membership
from notifications.invitation_mails import invitation_token
from notifications.mail_invitations import invite_by_mail
from notifications.models import Invitation
from tests.conversations.people import business, person

ADDRESS = "nina@mail.example"
GOOD = "a good pass phrase"


class Link:
    def __init__(self) -> None:
        self.owner = person()
        self.shop = business(self.owner)
        self.row = invite_by_mail(
            inviter_id=self.owner.pk, business_id=self.shop.pk, email=ADDRESS, role="agent"
        )
        self.path = f"/invitation/{invitation_token(self.row.pk)}"
        self.visitor = Client()

    def signed_in(self, email: str = ADDRESS) -> Any:
        user = person()
        user.email = email
        user.save()
        self.visitor.force_login(user)
        return user

    def answer(self, answer: str) -> Any:
        return self.visitor.post(self.path, {"answer": answer}, follow=True)

    def is_member(self, user: Any) -> bool:
        return Membership.objects.filter(business=self.shop, user=user).exists()

    def status(self) -> str:
        return Invitation.objects.get().status


@pytest.fixture
def link(db: None, settings: Settings) -> Link:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CHAT_SENDS_MAIL = settings.CHAT_SIGN_UP = True
    settings.SITE_URL = "https://chat.example"
    return Link()


def test_a_member_to_be_accepts(link: Link) -> None:
    nina = link.signed_in()
    page = link.visitor.get(link.path)
    # With `no-referrer` a browser would send `Origin: null`, and the answer would be refused.
    assert (page.status_code, page["Referrer-Policy"]) == (200, "same-origin")
    assert (link.status(), link.is_member(nina)) == ("pending", False)
    done = link.answer("accept")
    assert (done.redirect_chain[-1][0], link.is_member(nina)) == ("/app", True)
    assert link.shop.name in done.content.decode()
    assert link.visitor.get(link.path)["Location"] == "/app"
    assert Client().get(link.path).status_code == 404


def test_who_has_no_account_makes_one_and_comes_back(link: Link) -> None:
    page = link.visitor.get(link.path).content.decode()
    assert f"/sign-up?next={link.path}" in page.replace("%3A", ":")
    link.visitor.get("/sign-up", {"next": link.path})
    made = link.visitor.post("/sign-up", {"username": "nina", "password1": GOOD, "next": link.path})
    assert made["Location"] == link.path
    link.answer("accept")
    nina = get_user_model().objects.get(username="nina")
    assert (nina.email, link.is_member(nina)) == ("", True)


def test_who_has_an_account_signs_in_and_comes_back(link: Link, settings: Settings) -> None:
    settings.CHAT_SIGN_UP = False
    get_user_model().objects.create_user("nina", email=ADDRESS, password=GOOD)
    page = link.visitor.get(link.path).content.decode()
    assert ("/sign-in?next=" in page, "/sign-up" in page) == (True, False)
    asked = link.visitor.post(link.path, {"answer": "accept"})
    assert asked["Location"] == f"/sign-in?next={link.path}"
    back = link.visitor.post("/sign-in", {"username": "nina", "password": GOOD, "next": link.path})
    assert back["Location"] == link.path


def test_another_account_is_asked_to_sign_out_and_comes_back(link: Link) -> None:
    other = link.signed_in("other@mail.example")
    page = link.visitor.get(link.path).content.decode()
    assert (ADDRESS in page, 'value="accept"' in page) == (True, False)
    assert link.answer("accept").status_code == 403
    assert (link.status(), link.is_member(other)) == ("pending", False)
    assert link.visitor.post("/sign-out", {"next": link.path})["Location"] == link.path
    assert link.visitor.post("/sign-out", {"next": "https://evil.example/"})["Location"] == "/"


def test_anybody_with_the_link_declines(link: Link) -> None:
    assert link.answer("decline").status_code == 200
    assert link.status() == "declined"
    assert link.answer("accept").status_code == 404


@pytest.mark.parametrize("path", ["/invitation/forged", "/invitation/a:b:c"])
def test_a_forged_link(link: Link, path: str) -> None:
    assert Client().get(path).status_code == 404
    assert link.visitor.post(link.path, {"answer": "steal"}).status_code == 400
