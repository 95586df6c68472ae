"""Episodes are measured when they are resolved, and reported."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User

from conversations.membership import add_member
from conversations.models import ChatMessage, Conversation, Episode, Label, TeamGroup
from conversations.team.hours import operations as hours
from conversations.team.hours.serializers import HoursBody, RangeObject, WeekObject
from conversations.team.operations import set_team_state
from conversations.team.reports.csv_files import report_csv, safe_cell
from conversations.team.reports.recording import measure_episode
from conversations.team.reports.reporting import report
from conversations.team.reports.requests import ReportRow, TeamReportObject
from conversations.team.requests import TeamBody
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 1, 12, 6, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Shop:
    def __init__(self) -> None:
        self.owner, self.agent = person(), person()
        self.shop = business(self.owner)
        add_member(business_id=self.shop.pk, user_id=self.agent.pk)
        nine_to_five = [RangeObject(begin="09:00", end="17:00")]
        days = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), nine_to_five)
        body = HoursBody(timezone="Europe/Berlin", weekly=WeekObject(**days))
        hours.set_hours(user_id=self.owner.pk, business_id=str(self.shop.pk), body=body)

    def resolve(self, where: Conversation, at: datetime, **more: Any) -> Episode | None:
        body = TeamBody(status="resolved", **more)
        set_team_state(user_id=self.owner.pk, conversation_id=where.pk, body=body)
        where.refresh_from_db()
        Episode.objects.filter(conversation=where, last_seq=where.last_seq).update(resolved_at=at)
        measure_episode.call(str(where.pk), where.last_seq)
        return Episode.objects.filter(conversation=where, last_seq=where.last_seq).first()

    def report(self, metric: Any, group_by: Any = "none") -> TeamReportObject:
        return report(
            self.shop.pk, metric=metric, begin=date(2026, 1, 12), end=date(2026, 1, 31), group_by=group_by
        )

    def values(self, metric: Any) -> dict[str, float | None]:
        [row] = self.report(metric).rows
        return row.values


@pytest.fixture
def shop() -> Shop:
    return Shop()


def tell(where: Conversation, sender: User, at: datetime, kind: str = "person") -> None:
    say(where, sender, ["x"])
    where.refresh_from_db()
    stored = ChatMessage.objects.filter(conversation=where, seq=where.last_seq)
    stored.update(created_at=at, sender_kind=kind)


def test_an_episode_is_measured_by_the_clock_and_in_business_hours(shop: Shop) -> None:
    customer = person()
    where = conversation(shop.shop, customer)
    tell(where, customer, MONDAY)  # 07:00 in Berlin
    tell(where, shop.agent, MONDAY + timedelta(minutes=1), kind="bot")
    tell(where, shop.agent, MONDAY + timedelta(hours=3))  # 10:00
    tell(where, customer, MONDAY + timedelta(hours=4))
    tell(where, customer, MONDAY + timedelta(hours=5))
    tell(where, shop.owner, MONDAY + timedelta(hours=6))
    episode = shop.resolve(where, MONDAY + timedelta(hours=12))  # 19:00
    assert episode is not None
    assert (episode.first_response, episode.first_response_open) == (3 * 3600, 3600)
    assert (episode.resolution, episode.resolution_open) == (12 * 3600, 8 * 3600)
    assert episode.replies == [[str(shop.agent.pk), 10800, 3600], [str(shop.owner.pk), 7200, 7200]]
    assert (episode.customer_messages, episode.answers, episode.bot_answers) == (3, 2, 1)
    assert episode.agent == shop.owner  # nobody was assigned; the owner answered last
    assert shop.values("volume") == {
        "episodes": 1, "customerMessages": 3, "answers": 2, "botAnswers": 1, "systemMessages": 0,
    }  # fmt: skip


def test_resolving_again_makes_no_episode(shop: Shop) -> None:
    customer = person()
    where = conversation(shop.shop, customer)
    assert shop.resolve(where, MONDAY) is None  # nobody has written
    tell(where, customer, MONDAY)
    assert shop.resolve(where, MONDAY + timedelta(hours=1)) is not None
    set_team_state(user_id=shop.owner.pk, conversation_id=where.pk, body=TeamBody(status="open"))
    set_team_state(user_id=shop.owner.pk, conversation_id=where.pk, body=TeamBody(status="resolved"))
    measure_episode.call(str(where.pk), where.last_seq)
    assert Episode.objects.filter(conversation=where).count() == 1
    tell(where, shop.agent, MONDAY)
    assert shop.resolve(where, MONDAY + timedelta(hours=2)) is None  # the customer has not written again


def test_agent_group_and_labels_are_those_of_the_moment(shop: Shop) -> None:
    customer = person()
    where = conversation(shop.shop, customer)
    label = Label.objects.create(business=shop.shop, name="=cmd()")
    group = TeamGroup.objects.create(business=shop.shop, name="sales")
    tell(where, customer, MONDAY)
    chosen = {"assignee_id": str(shop.agent.pk), "group_id": str(group.pk), "label_ids": [str(label.pk)]}
    shop.resolve(where, MONDAY + timedelta(hours=1), **chosen)
    later = TeamBody(assignee_id=str(shop.owner.pk), group_id=None, label_ids=[])
    set_team_state(user_id=shop.owner.pk, conversation_id=where.pk, body=later)
    for group_by, key in (("agent", shop.agent.pk), ("group", group.pk), ("label", label.pk)):
        assert [row.key for row in shop.report("resolution", group_by).rows] == [str(key)]
    assert [row.key for row in shop.report("resolution", "day").rows] == ["2026-01-12"]
    lines = list(csv.reader(report_csv(shop.report("resolution", "label")).splitlines()))
    assert lines[1][:3] == [str(label.pk), "'=cmd()", "1"]


def test_load_counts_messages_of_people_by_the_hour_on_the_wall(shop: Shop) -> None:
    customer = person()
    where = conversation(shop.shop, customer)
    tell(where, customer, MONDAY)
    tell(where, customer, MONDAY + timedelta(minutes=59))
    tell(where, shop.agent, MONDAY + timedelta(hours=1), kind="bot")
    tell(where, shop.agent, MONDAY + timedelta(hours=1))
    rows = {row.key: row.values for row in shop.report("load").rows}
    assert rows["07"] == {"customerMessages": 2, "answers": 0}
    assert rows["08"] == {"customerMessages": 0, "answers": 1}
    assert len(rows) == 24


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_cells_are_no_formulas(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell(f"a{cell}") == f"a{cell}"


def test_members_get_reports_over_rest(shop: Shop) -> None:
    customer = person()
    conversation(shop.shop, customer)
    asked = {"businessId": str(shop.shop.pk), "metric": "volume", "from": "2026-01-12", "to": "2026-01-31"}
    shown = client_of(shop.agent).get("/team/reports", asked).json()
    assert (shown["from"], shown["timezone"], shown["rows"][0]["name"]) == (
        "2026-01-12",
        "Europe/Berlin",
        "all",
    )
    answer = client_of(shop.agent).get("/team/reports", {**asked, "format": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.decode().splitlines()[0].startswith("key,name,episodes")
    for stranger in (customer, person()):
        assert client_of(stranger).get("/team/reports", asked).status_code == 404
        refused = client_of(stranger).get("/team/reports", {**asked, "format": "csv"})
        assert (refused.status_code, refused["Content-Type"]) == (404, "application/json")
        assert refused.json()["error"]["code"] == "not_found"
    ends = [{"to": day, "from": ""} for day in ("0001-01-01", "9999-12-31", "1999-12-31")]
    wrong = ({"metric": "x"}, {"groupBy": "x"}, {"from": "x"}, {"from": "2020-01-01"}, {"businessId": ""})
    for bad in (*wrong, *ends):
        assert client_of(shop.agent).get("/team/reports", {**asked, **bad}).status_code == 400, bad


def test_an_empty_report_has_a_header() -> None:
    row = ReportRow(key=None, name="all", values={"count": 0, "median": None})
    shown = TeamReportObject(
        metric="resolution",
        begin=date(2026, 1, 1),
        end=date(2026, 1, 2),
        timezone="UTC",
        group_by="none",
        rows=[row],
    )
    assert report_csv(shown).splitlines() == ["key,name,count,median", ",all,0,"]
