"""The page of a conversation without scripts: files are sent, long texts are folded, and a block is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conversations.models import Attachment, ChatMessage, CsatSettings, Episode
from conversations.team.operations import set_team_state
from conversations.team.reports.recording import measure_episode
from conversations.team.requests import TeamBody
from tests.attachments.conftest import storage  # noqa: F401  an empty storage for each test
from tests.attachments.contents import PDF
from tests.attachments.files import Scene, files_in
from tests.conversations.people import client_of, person, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def browser_of(user: User, *, strict: bool = False) -> Client:
    browser = Client(enforce_csrf_checks=strict)
    browser.force_login(user)
    return browser


def send_file(browser: Client, scene: Scene, **form: Any) -> Any:
    return browser.post(f"/app/c/{scene.where.pk}/send-file", form)


def pdf() -> SimpleUploadedFile:
    return SimpleUploadedFile("bill.pdf", PDF)


def page_of(user: User, scene: Scene) -> str:
    return browser_of(user).get(f"/app/c/{scene.where.pk}").content.decode()


def test_a_file_is_sent_by_a_form(scene: Scene) -> None:
    browser = browser_of(scene.customer)
    for _ in range(2):  # a browser repeats the form
        answer = send_file(browser, scene, file=pdf(), alt="The bill", clientId="form-1")
        assert answer["Location"] == f"/app/c/{scene.where.pk}"
    [message] = scene.shown(scene.member)["attachments"]
    assert (message["name"], message["alt"]) == ("bill.pdf", "The bill")
    assert ChatMessage.objects.get().content == "bill.pdf"


@pytest.mark.parametrize(
    ("form", "words"),
    [({}, "did not work"), ({"file": SimpleUploadedFile("x.exe", b"MZ" + bytes(90))}, "did not work")],
)
def test_a_refused_file_is_explained(scene: Scene, form: dict[str, Any], words: str) -> None:
    answer = send_file(browser_of(scene.customer), scene, **form)
    assert answer.status_code in {400, 415}
    assert words in answer.content.decode()
    assert not ChatMessage.objects.exists()


def test_strangers_and_forged_forms_leave_nothing(scene: Scene, storage: Path) -> None:  # noqa: F811
    assert send_file(browser_of(person()), scene, file=pdf()).status_code == 404
    assert send_file(browser_of(scene.customer, strict=True), scene, file=pdf()).status_code == 403
    assert send_file(Client(), scene, file=pdf())["Location"].startswith("/sign-in")
    assert (Attachment.objects.count(), files_in(storage)) == (0, [])


def test_a_long_text_is_folded(scene: Scene) -> None:
    say(scene.where, scene.customer, ["short", "\n".join(f"line {number}" for number in range(60))])
    page = page_of(scene.member, scene)
    assert page.count('<details class="fold">') == 1
    assert "line 59" in page


def test_a_person_who_has_blocked_sees_why_there_is_no_field(scene: Scene) -> None:
    assert "You have blocked" not in page_of(scene.customer, scene)
    client_of(scene.customer).put(f"/chat/blocks/businesses/{scene.where.business_id}")
    page = page_of(scene.customer, scene)
    assert "You have blocked" in page
    assert 'name="content"' not in page
    assert "You have blocked" not in page_of(scene.member, scene)  # the other side gets no notice


def test_a_customer_rates_by_a_form(scene: Scene) -> None:
    CsatSettings.objects.create(business=scene.where.business, enabled=True)
    say(scene.where, scene.customer, ["a question"])
    say(scene.where, scene.member, ["an answer"])
    assert 'class="rating"' not in page_of(scene.customer, scene)
    body = TeamBody(status="resolved")
    set_team_state(user_id=scene.member.pk, conversation_id=str(scene.where.pk), body=body)
    measure_episode.call(str(scene.where.pk), 2)
    assert page_of(scene.customer, scene).count('name="score"') == 5
    assert 'name="score"' not in page_of(scene.member, scene)
    browser, path = browser_of(scene.customer), f"/app/c/{scene.where.pk}/rate"
    assert browser.post(path, {"score": "6"}).status_code == 400
    assert browser_of(scene.member).post(path, {"score": "4"}).status_code == 404
    assert browser.post(path, {"score": "4", "comment": "good"})["Location"] == f"/app/c/{scene.where.pk}"
    page = page_of(scene.customer, scene)
    assert "Thank you! Your rating: Good" in page
    assert 'name="score"' not in page
    episode = Episode.objects.get()
    assert (episode.score, episode.comment) == (4, "good")
