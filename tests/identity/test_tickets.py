"""POST /auth/ws-ticket, and what a ticket opens."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from pytest_django import Settings
from rest_framework.test import APIClient

from chatsite.errors import DomainError
from chatsite.identity import operations, tickets
from chatsite.identity.models import UsedToken
from chatsite.identity.operations import TokenPair
from chatsite.identity.tokens import ENDED, by_ticket
from tests.identity.conftest import AWAY, PASSWORD, by_token, contents


def refusal(ticket: str) -> tuple[str, str]:
    with pytest.raises(DomainError) as refused:
        by_ticket(ticket)
    return refused.value.code, refused.value.message


def ticket_of(client: APIClient) -> str:
    response = client.post("/auth/ws-ticket")
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert response.json().keys() == {"ticket"}
    ticket: str = response.json()["ticket"]
    return ticket


def test_a_ticket_identifies_user_and_login(carol: User, login: TokenPair, signed_in: APIClient) -> None:
    identity = by_ticket(ticket_of(signed_in))
    assert identity.source == "ticket"
    assert (identity.user_id, identity.login_id) == (str(carol.pk), contents(login.access)["login"])
    assert identity.expires_at == contents(login.access)["exp"]


def test_it_works_once(signed_in: APIClient) -> None:
    ticket = ticket_of(signed_in)
    by_ticket(ticket)
    assert refusal(ticket) == ("unauthenticated", tickets.USED)


def test_two_tickets_work_once_each(signed_in: APIClient) -> None:
    first, second = ticket_of(signed_in), ticket_of(signed_in)
    assert by_ticket(first) == by_ticket(second)


def test_it_goes_safely_on_a_url(signed_in: APIClient) -> None:
    ticket = ticket_of(signed_in)
    assert ticket.isascii()
    assert not set(ticket) & set("&+%#?=/ ")


def test_it_expires(login: TokenPair, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = by_token(login.access)
    now = time.time()
    clock = SimpleNamespace(time=lambda: now - tickets.LIFETIME - 1)
    monkeypatch.setattr(signing, "time", clock)
    old = tickets.issue(identity)
    clock.time = lambda: now - tickets.LIFETIME + 2
    young = tickets.issue(identity)
    monkeypatch.undo()
    assert refusal(old) == ("unauthenticated", tickets.TICKET_EXPIRED)
    assert by_ticket(young).user_id == identity.user_id


def test_it_does_not_outlive_its_token(login: TokenPair) -> None:
    identity = by_token(login.access)
    short = type(identity)(identity.user_id, identity.login_id, time.time() - 1)
    assert refusal(tickets.issue(short))[0] == "unauthenticated"


def test_it_opens_nothing_after_a_logout(carol: User, login: TokenPair, signed_in: APIClient) -> None:
    ticket = ticket_of(signed_in)
    operations.end_login(refresh=login.refresh)
    assert refusal(ticket) == ("unauthenticated", ENDED)


def test_it_opens_nothing_for_an_inactive_user(carol: User, signed_in: APIClient) -> None:
    ticket = ticket_of(signed_in)
    User.objects.filter(pk=carol.pk).update(is_active=False)
    assert refusal(ticket) == ("unauthenticated", ENDED)


def test_one_needs_to_be_signed_in(db: None, api: APIClient) -> None:
    assert api.post("/auth/ws-ticket").status_code == 401


@pytest.mark.parametrize(
    "ticket", ["", "\0", "a", "a:b:c", ".a:b:c", "\ud800", "a" * 5_000_000, "ключ", "NaN"]
)
def test_garbage_is_not_valid(db: None, ticket: str) -> None:
    assert refusal(ticket) == ("unauthenticated", tickets.MALFORMED)


def test_a_signature_for_another_purpose_is_not_valid(carol: User, signed_in: APIClient) -> None:
    content = signing.loads(ticket_of(signed_in), salt="chatsite.identity.ticket")
    assert refusal(signing.dumps(content))[1] == tickets.MALFORMED
    assert (
        refusal(signing.dumps(content, salt="chatsite.identity.ticket", key="k" * 50))[1] == tickets.MALFORMED
    )


def test_it_works_once_without_the_cache_too(signed_in: APIClient, redis_is_away: None) -> None:
    ticket = ticket_of(signed_in)
    by_ticket(ticket)
    assert refusal(ticket) == ("unauthenticated", tickets.USED)


def test_a_ticket_of_a_cookie_session_needs_the_cache(
    carol: User, api: APIClient, settings: Settings
) -> None:
    api.login(username="carol", password=PASSWORD)
    ticket = ticket_of(api)
    settings.CACHES = AWAY
    assert refusal(ticket)[0] == "unavailable"


def test_using_a_ticket_takes_one_statement(signed_in: APIClient, django_assert_num_queries: Any) -> None:
    ticket = ticket_of(signed_in)
    with django_assert_num_queries(1):
        tickets.redeem(ticket)


def test_no_secret_is_kept(signed_in: APIClient) -> None:
    ticket = ticket_of(signed_in)
    by_ticket(ticket)
    assert all(part not in str(UsedToken.objects.values()) for part in ticket.split(":"))


def test_a_cookie_session_has_tickets_too(carol: User, api: APIClient) -> None:
    api.login(username="carol", password=PASSWORD)
    ticket = ticket_of(api)
    session_key = api.session.session_key
    assert session_key is not None
    assert session_key not in str(signing.loads(ticket, salt="chatsite.identity.ticket"))

    identity = by_ticket(ticket)
    assert (identity.user_id, identity.session_key) == (str(carol.pk), session_key)
    assert (identity.login_id, identity.expires_at, identity.source) == ("", None, "ticket")
    assert refusal(ticket) == ("unauthenticated", tickets.USED)


def test_that_one_opens_nothing_after_the_session(carol: User, api: APIClient) -> None:
    api.login(username="carol", password=PASSWORD)
    ticket = ticket_of(api)
    api.logout()
    assert refusal(ticket) == ("unauthenticated", ENDED)
