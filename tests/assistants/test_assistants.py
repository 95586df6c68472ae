"""Members get texts from assistants, customers see none of them, and a failing assistant affects nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client
from pytest_django import Settings

from conversations.assistants import calls
from conversations.assistants.types import AssistantRequest
from conversations.models import ChatMessage
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db

ECHO = "conversations.assistants.echo.echo"
HERE = "tests.assistants.test_assistants"
released = threading.Event()
requests: list[AssistantRequest] = []


def hang(request: AssistantRequest) -> list[str]:
    released.wait(30)
    return ["too late"]


def fail(request: AssistantRequest) -> list[str]:
    raise RuntimeError("out of tokens")


def nonsense(request: AssistantRequest) -> Any:
    return "one text"


def note(request: AssistantRequest) -> list[str]:
    requests.append(request)
    return ["a", "b", "c", "d", "e", "f"]


@pytest.fixture(autouse=True)
def free_places() -> Iterator[None]:
    released.clear()
    requests.clear()
    yield
    released.set()


class Scene:
    def __init__(self) -> None:
        self.member, self.customer = person(), person()
        self.where = conversation(business(self.member), self.customer)
        say(self.where, self.customer, ["Do you have part 7?"])

    def ask(self, user: Any, kind: str = "suggestions", **more: Any) -> Any:
        address = f"/chat/conversations/{self.where.pk}/assist"
        return client_of(user).post(address, {"kind": kind, **more}, format="json")

    def answers(self, kind: str = "suggestions") -> list[tuple[str, bool, int]]:
        shown = self.ask(self.member, kind).json()["answers"]
        return [(one["assistant"], one["failed"], len(one["texts"])) for one in shown]


def test_a_member_gets_texts_and_nothing_is_sent(settings: Settings) -> None:
    scene = Scene()
    assert scene.answers() == []
    settings.CHAT_ASSISTANTS = (ECHO, f"{HERE}.note")
    before = ChatMessage.objects.count()
    answer = scene.ask(scene.member, language="pt-BR")
    assert answer.status_code == 200
    assert answer.json()["answers"][0]["texts"] == ["You wrote: Do you have part 7?"]
    assert answer.json()["answers"][1]["texts"] == ["a", "b", "c", "d", "e"]
    assert [message.content for message in requests[0].messages] == ["Do you have part 7?"]
    assert requests[0].language == "pt-BR"
    assert scene.answers("translation") == [("note", False, 5)]
    assert ChatMessage.objects.count() == before


def test_customers_and_strangers_see_no_sign_of_it(settings: Settings) -> None:
    settings.CHAT_ASSISTANTS = (ECHO,)
    scene = Scene()
    for user in (scene.customer, person()):
        assert scene.ask(user).status_code == 404
    assert scene.ask(scene.member, "poems").status_code == 400
    assert scene.ask(scene.member, language="x" * 100).status_code == 400


def test_an_assistant_that_fails_leaves_the_others_and_the_people(settings: Settings) -> None:
    settings.CHAT_ASSISTANTS = (*(f"{HERE}.{name}" for name in ("fail", "nonsense", "hang")), ECHO)
    settings.CHAT_ASSISTANT_SECONDS = 0.1
    scene = Scene()
    failed = [(name, True, 0) for name in ("fail", "nonsense", "hang")]
    assert scene.answers() == [*failed, ("echo", False, 1)]
    say(scene.where, scene.member, ["A person answers"])


def test_calls_that_hang_do_not_use_up_the_server(settings: Settings) -> None:
    settings.CHAT_ASSISTANTS = (f"{HERE}.hang",) * calls.MOST_CALLS + (ECHO,)
    settings.CHAT_ASSISTANT_SECONDS = 0.05
    scene = Scene()
    assert scene.answers()[-1] == ("echo", True, 0)
    released.set()
    settings.CHAT_ASSISTANTS = (ECHO,)
    for _ in range(100):
        if scene.answers() == [("echo", False, 1)]:
            break
        threading.Event().wait(0.05)
    else:
        pytest.fail("The places of the calls that have ended are still taken.")


def test_a_path_that_leads_nowhere_is_reported(settings: Settings) -> None:
    settings.CHAT_ASSISTANTS = ("shop.missing.assistant", ECHO)
    found = [message for message in run_checks(tags=["chatsite"]) if message.id == "chatsite.E008"]
    assert len(found) == 1
    assert "shop.missing" in found[0].msg


def test_the_page_offers_them_where_the_site_has_any(settings: Settings) -> None:
    scene = Scene()
    page = Client()
    page.force_login(scene.member)
    assert '"assistants": false' in page.get("/app").content.decode()
    settings.CHAT_ASSISTANTS = (ECHO,)
    assert '"assistants": true' in page.get("/app").content.decode()
