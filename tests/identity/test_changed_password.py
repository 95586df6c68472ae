"""A changed password ends every earlier token, ticket and socket, however it was changed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from chatsite.errors import DomainError
from chatsite.identity import operations, tickets
from chatsite.identity.operations import TokenPair
from chatsite.identity.tokens import ENDED, by_ticket, ended
from tests.identity.conftest import PASSWORD, Forge, by_token, contents

NEW = "another long pass phrase"


def by_set_password(user: User) -> None:
    user.set_password(NEW)
    user.save()


def by_the_command(user: User) -> None:
    import getpass

    real, getpass.getpass = getpass.getpass, lambda prompt="", stream=None: NEW
    try:
        call_command("changepassword", user.username)
    finally:
        getpass.getpass = real


def by_the_admin_page(user: User) -> None:
    staff = Client()
    staff.force_login(User.objects.create_superuser("boss"))
    answer = staff.post(f"/admin/auth/user/{user.pk}/password/", {"password1": NEW, "password2": NEW})
    assert answer.status_code == 302


def by_the_own_page(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    assert client.login(username=user.username, password=PASSWORD)
    answer = client.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )
    assert answer.status_code == 302


WAYS = [by_set_password, by_the_command, by_the_admin_page, by_the_own_page]


@pytest.mark.parametrize("change", WAYS, ids=lambda way: way.__name__)
def test_nothing_of_before_opens_anything(
    carol: User, api: APIClient, login: TokenPair, signed_in: APIClient, change: Callable[[User], None]
) -> None:
    identity = by_token(login.access)
    ticket = tickets.issue(identity)
    assert ended([identity]) == set()

    change(carol)
    assert signed_in.get("/auth/me").status_code == 401
    for path, body in {
        "/auth/token/refresh": {"refresh": login.refresh},
        "/auth/token/verify": {"token": login.access},
    }.items():
        assert api.post(path, body).json()["error"]["message"] == ENDED, path
    with pytest.raises(DomainError) as refused:
        by_ticket(ticket)
    assert refused.value.message == ENDED
    with pytest.raises(DomainError):
        by_token(login.access)
    assert ended([identity]) == {identity}

    after = operations.log_in(username="carol", password=NEW)
    assert by_token(after.access).user_id == str(carol.pk)


def test_a_token_of_before_the_claim_has_ended(api: APIClient, forge: Forge) -> None:
    answer = api.post("/auth/token/verify", {"token": forge(pwd=None)})
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, ENDED)


def test_another_users_tag_does_not_do(dave: User, api: APIClient, forge: Forge) -> None:
    other = contents(operations.open_login(user_id=str(dave.pk)).access)["pwd"]
    assert api.post("/auth/token/verify", {"token": forge(pwd=other)}).status_code == 401


def test_a_clock_that_is_a_little_ahead(api: APIClient, forge: Forge) -> None:
    now = int(time.time())
    assert api.post("/auth/token/verify", {"token": forge(iat=now + 4)}).status_code == 200
    assert api.post("/auth/token/verify", {"token": forge(iat=now + 60)}).status_code == 401
    assert api.post("/auth/token/verify", {"token": forge(exp=now - 2)}).status_code == 401


def test_the_database_keeps_no_token(login: TokenPair) -> None:
    operations.rotate_login(refresh=login.refresh)
    for kept in OutstandingToken.objects.values_list("token", flat=True):
        assert "." not in kept
        assert len(kept) == 64


def test_the_admin_has_no_page_of_tokens(admin_client: Client) -> None:
    assert "token_blacklist" not in admin_client.get("/admin/").content.decode()
    assert admin_client.get("/admin/token_blacklist/outstandingtoken/").status_code == 404
