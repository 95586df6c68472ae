"""The page of a team's settings works without scripts: each form sets what the API sets."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conversations.models import Business, Episode, Membership
from conversations.team.reports.recording import measure_episode
from tests.attachments.contents import PDF
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db


class Page:
    def __init__(self, shop: Business, user: User) -> None:
        self.shop, self.user = shop, user
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(user)
        self.path = f"/app/team/{shop.pk}/settings"

    def submit(self, form: str, **fields: Any) -> Any:
        token = self.client.get("/app/form-token").json()["csrfToken"]
        path = f"/app/team/{self.shop.pk}/canned-answers/send-file" if form == "answer" else self.path
        return self.client.post(path, {**fields, "form": form, "csrfmiddlewaretoken": token})

    def text(self) -> str:
        return html.unescape(self.client.get(self.path).content.decode())

    def api(self, path: str, **query: str) -> Any:
        return client_of(self.user).get(path, query).json()

    def listed(self, what: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.api(f"/team/{what}", businessId=str(self.shop.pk))["results"]
        return rows


@pytest.fixture
def owners() -> Page:
    owner = person()
    return Page(business(owner), owner)


def test_labels_groups_and_answers_are_made_changed_and_deleted(owners: Page) -> None:
    member = str(owners.user.pk)
    made: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "label": ("labels", {"name": "refund", "color": "#d13438"}, {"name": "returns", "color": "#15803d"}),
        "group": ("groups", {"name": "sales", "members": [member]}, {"name": "support"}),
        "answer": (
            "canned-answers",
            {"code": "hi", "text": "Hello!"},
            {"code": "hello", "text": "Hello again"},
        ),
    }
    for form, (what, new, changed) in made.items():
        assert owners.submit(form, **new).status_code == 302
        [row] = owners.listed(what)
        assert row["name" if "name" in new else "code"] in new.values()
        page = owners.client.get(owners.path)
        assert row["id"] in page.content.decode()
        assert owners.submit(form, id=row["id"], **changed).status_code == 302
        [row] = owners.listed(what)
        assert set(changed.values()) <= {str(value) for value in row.values()}
        assert owners.submit(form, id=row["id"], delete="").status_code == 302
        assert owners.listed(what) == []


def test_a_canned_answer_is_for_a_group_and_keeps_its_files(owners: Page) -> None:
    owners.submit("group", name="sales", members=[str(owners.user.pk)])
    [group] = owners.listed("groups")
    assert "For the group sales" in owners.text()
    file = SimpleUploadedFile("prices.pdf", PDF)
    new = {"code": "prices", "text": "Our prices", "scope": f"group:{group['id']}", "file": file}
    assert owners.submit("answer", **new).status_code == 302
    [answer] = owners.listed("canned-answers")
    [prices] = answer["attachments"]
    assert (answer["scope"], answer["groupId"], prices["name"]) == ("group", group["id"], "prices.pdf")
    assert "For the group sales · not used yet" in owners.text()
    more = SimpleUploadedFile("terms.pdf", PDF)
    change = {"id": answer["id"], "code": "prices", "text": "Our prices"}
    owners.submit("answer", **change, keep=[prices["id"]], file=more)
    [answer] = owners.listed("canned-answers")
    assert [one["name"] for one in answer["attachments"]] == ["prices.pdf", "terms.pdf"]
    owners.submit("answer", **change, keep=[answer["attachments"][1]["id"]])
    [answer] = owners.listed("canned-answers")
    assert [one["name"] for one in answer["attachments"]] == ["terms.pdf"]
    typed = {"id": answer["id"], "code": "terms", "text": "A text that took long to write"}
    refused = owners.submit("answer", **typed, file=SimpleUploadedFile("run.exe", b"MZ\x90\x00" + bytes(200)))
    assert refused.status_code == 415
    assert "notice-error" in refused.content.decode()
    own, _, others = html.unescape(refused.content.decode()).rpartition(answer["id"])[2].partition("</form>")
    assert ('value="terms"' in own, "A text that took long to write</textarea>" in own) == (True, True)
    assert re.search(r'name="keep" value="[^"]+">', own)  # the box was not ticked
    assert "A text that took long to write" not in others
    [kept] = owners.listed("canned-answers")
    assert kept["text"] == "Our prices"


def test_the_country_of_the_holidays_and_its_part_are_chosen_by_name(owners: Page) -> None:
    monday = {"timezone": "Europe/Berlin", "monday": "9:00-17:00"}
    assert '<option value="AT">Austria</option>' in owners.text()
    assert 'name="subdivision"' not in owners.text()
    german = owners.client.get(owners.path, headers={"accept-language": "de"}).content.decode()
    assert german.index("Österreich") < german.index("Pakistan")
    owners.submit("hours", **monday, country="DE")
    assert '<option value="BY">Bayern</option>' in owners.text()
    owners.submit("hours", **monday, country="DE", subdivision="BY")
    assert '<option value="BY" selected>Bayern</option>' in owners.text()
    owners.submit("hours", **monday, country="FR", subdivision="BY")  # the form still had the German part
    shown = owners.api(f"/team/business-hours/{owners.shop.pk}")
    assert shown["holidays"] == {"country": "FR", "subdivision": ""}


def test_settings_of_the_business_are_set_as_by_the_api(owners: Page) -> None:
    days = "2026-12-24 9:00 - 13:00, 14:00-15:00 Christmas Eve\r\n\r\n2026-12-27 1. inventory\r\n2026-12-31"
    hours = {"timezone": "Europe/Berlin", "monday": "9:00-12:30, 13:30 – 18:00", "country": "de"}
    hours["exceptions"] = days
    owners.submit("hours", **hours)
    owners.submit("automations", welcome="Hi {{customer.firstName}}!", away="")
    owners.submit("assignment", mode="round_robin", capacity="4")
    owners.submit("csat", enabled="on", question="Happy?")
    key = owners.shop.pk
    shown = owners.api(f"/team/business-hours/{key}")
    assert shown["weekly"]["monday"] == [
        {"from": "09:00", "to": "12:30"},
        {"from": "13:30", "to": "18:00"},
    ]
    assert (shown["timezone"], shown["holidays"]["country"]) == ("Europe/Berlin", "DE")
    assert [(one["date"], len(one["ranges"]), one["name"]) for one in shown["exceptions"]] == [
        ("2026-12-24", 2, "Christmas Eve"),
        ("2026-12-27", 0, "1. inventory"),
        ("2026-12-31", 0, ""),
    ]
    assert owners.api(f"/team/automations/{key}")["welcome"] == "Hi {{customer.firstName}}!"
    assert owners.api(f"/team/assignment/{key}") == {"mode": "round_robin", "capacity": 4}
    assert owners.api(f"/team/csat/{key}") == {"enabled": True, "question": "Happy?"}
    page = owners.client.get(owners.path).content.decode()
    assert "09:00-12:30, 13:30-18:00" in page
    assert "2026-12-24 09:00-13:00, 14:00-15:00 Christmas Eve" in page
    owners.submit("hours", delete="")
    assert client_of(owners.user).get(f"/team/business-hours/{key}").status_code == 404


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("hours", {"monday": "nine to five", "timezone": "UTC"}),
        ("hours", {"exceptions": "2026-12-24 9-13 Christmas Eve", "timezone": "UTC"}),
        ("hours", {"exceptions": "2026-02-30 closed", "timezone": "UTC"}),
        ("hours", {"exceptions": "Christmas", "timezone": "UTC"}),
        ("automations", {"welcome": "Hi {{customer.age}}"}),
        ("assignment", {"mode": "round_robin", "capacity": "many"}),
        ("answer", {"code": "no blanks", "text": "x"}),
        ("answer", {"code": "hi", "text": "x", "scope": "nobody"}),
        ("label", {"name": "", "color": "#000000"}),
        ("nothing", {}),
    ],
)
def test_a_wrong_entry_is_named_and_stays(owners: Page, form: str, fields: dict[str, str]) -> None:
    answer = owners.submit(form, **fields)
    assert answer.status_code == 400
    assert "notice-error" in answer.content.decode()
    if form in ("automations", "answer", "hours"):
        assert next(iter(fields.values())) in answer.content.decode()


def test_a_refused_change_of_a_label_or_group_stays_in_its_row(owners: Page) -> None:
    member = str(owners.user.pk)
    for form, what, more in (("label", "labels", {"color": "#d13438"}), ("group", "groups", {})):
        for name in (f"other {form}", f"old {form}"):
            owners.submit(form, name=name, **more)
        row = next(row for row in owners.listed(what) if row["name"] == f"old {form}")
        for key in ({"id": row["id"]}, {}):
            answer = owners.submit(form, **key, name=f"other {form}", members=[member], **more)
            assert answer.status_code == 409
            text = html.unescape(answer.content.decode())
            assert text.count(f'value="other {form}"') == 2  # of the other row, and what was typed
            assert (f'value="old {form}"' in text) == (not key)
            assert len(re.findall(r'name="members" value="\d+" checked', text)) == (form == "group")


def test_a_refused_question_and_maximum_stay(owners: Page) -> None:
    shown = owners.submit("csat", enabled="on", question="Was it " + "very " * 70 + "good?").content.decode()
    assert ("very good?" in shown, 'name="enabled" checked' in shown) == (True, True)
    shown = owners.submit("assignment", mode="least_loaded", capacity="9000").content.decode()
    assert ('value="9000"' in shown, 'value="least_loaded" selected' in shown) == (True, True)


@pytest.mark.parametrize(
    ("form", "section", "right", "wrong"),
    [
        ("label", "labels", {"name": "vip", "color": "#000000"}, {"name": "", "color": "#000000"}),
        ("group", "groups", {"name": "sales"}, {"name": ""}),
        ("answer", "answers", {"code": "hi", "text": "Hello"}, {"code": "no blanks", "text": "x"}),
        ("hours", "hours", {"timezone": "UTC"}, {"timezone": "UTC", "monday": "nine"}),
        ("automations", "automations", {"welcome": "Hi"}, {"welcome": "Hi {{customer.age}}"}),
        ("assignment", "assignment", {"mode": "off"}, {"mode": "sometimes"}),
        ("csat", "csat", {"question": "Happy?"}, {"question": "x" * 301}),
    ],
)
def test_each_section_says_what_became_of_its_form(
    owners: Page, form: str, section: str, right: dict[str, str], wrong: dict[str, str]
) -> None:
    for fields, notice in ((wrong, "notice-error"), (right, "notice-success")):
        answer = owners.submit(form, **fields)
        if fields is right:
            assert answer["Location"] == f"{owners.path}#{section}"
            answer = owners.client.get(owners.path)
        shown = answer.content.decode()
        assert shown.count(notice) == 1
        before, _, after = shown.partition(f' id="{section}"')
        assert notice not in before
        assert notice in after.partition(' class="choices"')[0]
        assert f'#{section}"' in shown  # the form's address, which the answer to a wrong entry keeps


def test_agents_change_only_permitted_settings_and_strangers_find_nothing(owners: Page) -> None:
    agent = person()
    Membership.objects.create(business=owners.shop, user=agent)
    agents, strangers = Page(owners.shop, agent), Page(owners.shop, person())
    assert agents.submit("label", name="vip", color="#000000").status_code == 302
    assert agents.submit("assignment", mode="round_robin").status_code == 403
    assert strangers.client.get(strangers.path).status_code == 404
    assert strangers.submit("label", name="mine", color="#000000").status_code == 404


def test_a_report_shows_a_chart_a_table_and_its_csv(owners: Page) -> None:
    customer = person()
    where = conversation(owners.shop, customer)
    say(where, customer, ["hello"])
    say(where, owners.user, ["hi"])
    body = {"status": "resolved"}
    client_of(owners.user).patch(f"/chat/conversations/{where.pk}/team", body, format="json")
    episode = Episode.objects.get(conversation=where)
    measure_episode.call(str(where.pk), episode.last_seq)
    path = f"/app/team/{owners.shop.pk}/reports"
    for metric in ("first-response", "csat", "volume", "load"):
        shown = owners.client.get(path, {"metric": metric, "groupBy": "agent"})
        assert shown.status_code == 200
        text = shown.content.decode()
        assert 'class="report-bar"' in text
        assert client_of(owners.user).get(shown.context["csv_address"]).status_code == 200
    assert owners.user.username in owners.client.get(path, {"groupBy": "agent"}).content.decode()
    assert (
        "report-bar"
        not in owners.client.get(path, {"from": "2020-01-01", "to": "2020-01-02"}).content.decode()
    )
    for day in ("yesterday", "0001-01-01", "9999-12-31"):
        assert owners.client.get(path, {"from": day}).status_code == 400
        assert owners.client.get(path, {"to": day}).status_code == 400
    assert Page(owners.shop, person()).client.get(path).status_code == 404
