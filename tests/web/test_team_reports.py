"""The page of a team's reports shows each metric in each grouping, and names rows in the reader's language."""

from __future__ import annotations

import html
import re
from typing import get_args

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Business, Episode, Label
from conversations.team.operations import set_team_state
from conversations.team.reports.recording import measure_episode
from conversations.team.reports.requests import GroupBy, Metric
from conversations.team.requests import TeamBody
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return person()


@pytest.fixture
def shop(owner: User) -> Business:
    """A business with one resolved conversation, which has no group and no label."""
    shop = business(owner)
    customer = person()
    where = conversation(shop, customer)
    say(where, customer, ["Where is my parcel?"])
    say(where, owner, ["On its way"])
    set_team_state(user_id=owner.pk, conversation_id=where.pk, body=TeamBody(status="resolved"))
    measure_episode.call(str(where.pk), Episode.objects.get(conversation=where).last_seq)
    return shop


def _first_cells(owner: User, shop: Business, **query: str) -> list[str]:
    """Return the first cell of each row of the report's table."""
    client = Client()
    client.force_login(owner)
    answer = client.get(f"/app/team/{shop.pk}/reports", query, headers={"accept-language": "de"})
    assert answer.status_code == 200
    body = answer.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        html.unescape(re.sub(r"<[^>]+>", "", cell)).strip()
        for cell in re.findall(r"<tr>\s*<t[hd][^>]*>(.*?)</t[hd]>", body, re.DOTALL)
    ]


@pytest.mark.parametrize("grouping", get_args(GroupBy))
@pytest.mark.parametrize("metric", get_args(Metric))
def test_each_metric_is_shown_in_each_grouping(
    owner: User, shop: Business, metric: str, grouping: str
) -> None:
    cells = _first_cells(owner, shop, metric=metric, groupBy=grouping)
    assert cells
    if metric == "load":
        assert cells == [f"{hour:02}:00" for hour in range(24)]


@pytest.mark.parametrize(
    ("grouping", "name"),
    [("none", "Alles zusammen"), ("agent", "Niemand"), ("group", "Ohne Gruppe"), ("label", "Ohne Label")],
)
def test_a_row_of_what_has_none_is_named_in_the_readers_language(
    owner: User, shop: Business, grouping: str, name: str
) -> None:
    Episode.objects.update(agent=None)
    assert _first_cells(owner, shop, metric="volume", groupBy=grouping) == [name]


def test_a_removed_label_is_named_in_the_readers_language(owner: User, shop: Business) -> None:
    label = Label.objects.create(business=shop, name="refund")
    Episode.objects.update(label_ids=[str(label.pk)])
    assert _first_cells(owner, shop, metric="volume", groupBy="label") == ["refund"]
    label.delete()
    assert _first_cells(owner, shop, metric="volume", groupBy="label") == ["Entfernt"]
