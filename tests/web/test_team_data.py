"""A member's page contains what its scripts would ask for first, as REST answers it, and a customer's none of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Business, Conversation
from conversations.team import notes
from conversations.team.labels import make_label
from conversations.team.operations import set_team_state
from conversations.team.requests import LabelBody, TeamBody
from tests.conversations.people import business, client_of, conversation, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return person()


@pytest.fixture
def shop(owner: User) -> Business:
    return business(owner)


@pytest.fixture
def talk(shop: Business, owner: User) -> Conversation:
    talk = conversation(shop)
    label = make_label(user_id=owner.pk, body=LabelBody(business_id=str(shop.pk), name="refund"))
    changes = TeamBody(priority="urgent", label_ids=[str(label.pk)])
    set_team_state(user_id=owner.pk, conversation_id=talk.pk, body=changes)
    notes.add_note(user_id=owner.pk, conversation_id=talk.pk, content="Has asked for this twice.")
    return talk


def page_of(user: User, talk: Conversation) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"/app/c/{talk.pk}")


def test_a_members_page_has_what_rest_answers(owner: User, shop: Business, talk: Conversation) -> None:
    page, rest = page_of(owner, talk), client_of(owner)
    team = page.context["session"]["team"]
    for kind in ("members", "groups", "labels"):
        answer = rest.get(f"/team/{kind}?businessId={shop.pk}").json()["results"]
        assert team["choices"][str(shop.pk)][kind] == answer
    assert team["states"] == [rest.get(f"/chat/conversations/{talk.pk}/team").json()]
    seed = page.context["thread"]["seed"]["team"]
    assert seed["notes"] == rest.get(f"/chat/conversations/{talk.pk}/notes").json()["results"]
    assert seed["teamRev"] == team["states"][0]["teamRev"]
    assert page.context["session"]["people"] == [str(talk.customer_id)]


def test_very_many_notes_are_fetched_later(owner: User, talk: Conversation) -> None:
    for number in range(30):
        notes.add_note(user_id=owner.pk, conversation_id=talk.pk, content=f"Note {number}")
    assert "team" not in page_of(owner, talk).context["thread"]["seed"]


def test_a_customers_page_has_nothing_of_the_team(talk: Conversation) -> None:
    page = page_of(talk.customer, talk)
    assert page.context["session"]["team"] is None
    assert "team" not in page.context["thread"]["seed"]
    text = page.content.decode()
    for secret in ("Has asked for this twice", "refund", "urgent", "teamRev"):
        assert secret not in text
