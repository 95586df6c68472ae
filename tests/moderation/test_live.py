"""Actions in the admin of a running server, as live clients see them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.harness.cast import PASSWORD, Cast
from tests.harness.client import Frame
from tests.harness.mirror import Mirror
from tests.harness.patience import patience
from tests.harness.rest import NO_TLS, ApiError, Json, random_address

MAKE_MODERATOR = """
from django.contrib.auth.models import Group, User
user = User.objects.create_user({name!r}, password={password!r}, is_staff=True)
user.groups.add(Group.objects.get(name="moderator"))
"""
# More than one chunk of a download.
TALK = """
from conversations.writing.write_batch import write
from conversations.requests import SendBody
from conversations.validation import new_send
lines = [SendBody(content=f"line {{n}}") for n in range(450)]
write([new_send(sender_id={user}, conversation_id={conversation!r}, body=line) for line in lines])
"""
WHY = {"reason": "Against the rules."}


class Desk:
    """A moderator's browser: a session, forms and their CSRF tokens."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(
            base_url=url,
            headers={"X-Forwarded-For": random_address(), "Referer": url},
            follow_redirects=True,
            timeout=patience(20),
            trust_env=False,
            verify=NO_TLS,
        )

    async def log_in(self, name: str) -> None:
        page = await self.post("/admin/login/", {"username": name, "password": PASSWORD, "next": "/admin/"})
        assert "Log out" in page or "log out" in page.lower()

    async def post(self, path: str, form: Json) -> str:
        """Submit a form of the admin, and return the page that follows."""
        if "csrftoken" not in self.http.cookies:
            await self.http.get("/admin/login/")
        token = {"csrfmiddlewaretoken": self.http.cookies["csrftoken"]}
        answer = await self.http.post(path, data={**form, **token})
        assert answer.status_code == 200, answer.text
        return answer.text

    async def act(self, path: str, form: Json = WHY) -> None:
        page = await self.post(path, form)
        found = re.search(r'<li class="(success|error)">(.*?)</li>', page)
        assert found, "the page tells nothing"
        assert found[1] == "success", found[2]


@pytest.fixture
async def desk(cast: Cast) -> AsyncIterator[Desk]:
    name = f"moderator-{secrets.token_hex(4)}"
    code = MAKE_MODERATOR.format(name=name, password=PASSWORD)
    cast.stage.deployment.shell(code)
    desk = Desk(cast.stage.deployment.server(1).url)
    await desk.log_in(name)
    yield desk
    await desk.http.aclose()


async def test_hide_and_restore_reach_everybody_at_once(cast: Cast, desk: Desk) -> None:
    carol = await cast.newcomer()
    talk = await cast.conversation(carol)
    lives = [await carol.live(), await cast.olivia.live(), await cast.amir.live()]
    for live in lives:
        await live.join(talk["id"])
    before = [await Mirror.fetch(person.rest, talk["id"]) for person in (carol, cast.olivia, cast.amir)]
    message = await carol.send(talk["id"], "an insult")
    for live in lives:
        await live.expect("messages_delivered")  # so that fetching it later changes nothing
    page = f"/admin/conversations/conversation/{talk['id']}/messages/{message['id']}"

    await desk.act(f"{page}/hide/")
    for live in lives:
        gone = await live.expect("message_deleted", lambda data: data["message"]["id"] == message["id"])
        assert (gone["message"]["content"], gone["message"]["deletedAt"] is not None) == ("", True)
    listed = await cast.olivia.rest.get(f"/chat/conversations/{talk['id']}")
    assert (listed["lastMessage"], listed["unreadCount"]) == ("", 0)

    await desk.act(f"{page}/restore/")
    for live, person, mirror in zip(lives, (carol, cast.olivia, cast.amir), before, strict=True):
        shown = await live.expect("message_edited", lambda data: data["message"]["id"] == message["id"])
        assert (shown["message"]["content"], shown["message"]["deletedAt"]) == ("an insult", None)
        await live.expect("conversation_updated", lambda data: data["rev"] >= shown["rev"])  # noqa: B023
        fresh = await Mirror.fetch(person.rest, talk["id"])
        mirror.apply_all(live.events)
        assert mirror.gaps() == []
        assert mirror.diff(fresh, ignoring={"updatedAt"}) == []
        assert fresh.conversation["lastMessage"] == "an insult"


async def test_freezing_stops_sends_over_every_transport_and_sends_an_event(cast: Cast, desk: Desk) -> None:
    carol = await cast.newcomer()
    talk = await cast.conversation(carol)
    lives = [await carol.live(), await cast.olivia.live()]

    await desk.act(f"/admin/conversations/conversation/{talk['id']}/freeze/")
    for live in lives:
        told = await live.expect("conversation_updated", lambda data: data["conversation"]["frozen"])
        assert (told["conversationId"], told["rev"]) == (talk["id"], talk["rev"])
        with pytest.raises(ApiError) as refused:
            await live.call("send_message", {"conversationId": talk["id"], "content": "hello?"})
        assert refused.value.code == "frozen"
    with pytest.raises(ApiError) as refused:
        await carol.send(talk["id"], "hello?")
    assert (refused.value.code, refused.value.status) == ("frozen", 423)

    await desk.act(f"/admin/conversations/conversation/{talk['id']}/unfreeze/")
    for live in lives:
        await live.expect("conversation_updated", lambda data: not data["conversation"]["frozen"])
    assert (await carol.send(talk["id"], "hello"))["seq"] == 1


async def test_a_suspended_user_loses_sockets_and_tokens(cast: Cast, desk: Desk) -> None:
    carol = await cast.newcomer()
    lives = [await carol.live(0), await carol.live(1)]
    await desk.act(f"/admin/auth/user/{carol.id}/suspend/")
    for live in lives:
        await live.closed(5)
    with pytest.raises(ApiError) as refused:
        await carol.rest.get("/auth/me")
    assert refused.value.status == 401
    await desk.act(f"/admin/auth/user/{carol.id}/reinstate/")
    fresh = carol.rest_on(0)
    await fresh.login(carol.name, PASSWORD)
    assert (await fresh.get("/auth/me"))["id"] == carol.id


async def test_a_report_travels_from_the_customer_to_its_outcome(cast: Cast, desk: Desk) -> None:
    carol = await cast.newcomer()
    talk = await cast.conversation(carol)
    live = await carol.live()
    await live.join(talk["id"])
    message = await cast.amir.send(talk["id"], "pay me elsewhere")
    body = {"conversationId": talk["id"], "messageId": message["id"], "reason": "fraud"}
    report = await carol.rest.post("/chat/reports", body)
    with pytest.raises(ApiError) as refused:
        await cast.outsider.rest.post("/chat/reports", body)
    assert refused.value.code == "not_found"
    form = {"outcome": "message_hidden", "note": "Fraud indeed."}
    await desk.act(f"/admin/conversations/report/{report['id']}/resolve/", form)
    await live.expect("message_deleted", lambda data: data["message"]["id"] == message["id"])


async def test_an_erased_person_goes_before_everybodys_eyes(cast: Cast) -> None:
    carol = await cast.newcomer()
    talk = await cast.conversation(carol)
    live = await cast.olivia.live()
    await live.join(talk["id"])
    mirror = await Mirror.fetch(cast.olivia.rest, talk["id"])
    for n in range(3):
        await carol.send(talk["id"], f"secret {n}")
    await cast.olivia.send(talk["id"], "an answer")
    await live.expect("new_message", lambda data: data["message"]["content"] == "an answer")
    cast.stage.deployment.command("erase_person", carol.name)
    if cast.stage.deployment.flavour == "services":  # without Redis a command reaches no live socket
        for _ in range(3):
            await live.expect("message_deleted")
        await live.expect(
            "conversation_updated",
            lambda data: (
                data["rev"] >= talk["rev"] + 7 and data["conversation"]["customer"]["name"] == "Erased user"
            ),
        )
        mirror.apply_all(live.events)
    else:
        answer = await live.call("sync", {"conversations": {talk["id"]: mirror.base}})
        synced = answer["conversations"][talk["id"]]
        mirror.take_conversation(synced["conversation"])
        for message in synced["messages"]:
            mirror.take_message(message)
    fresh = await Mirror.fetch(cast.olivia.rest, talk["id"])
    assert mirror.diff(fresh, ignoring={"updatedAt"}) == []
    assert [row["content"] for row in fresh.ordered()] == ["", "", "", "an answer"]
    assert fresh.conversation["customer"]["name"] == "Erased user"
    assert "secret" not in json.dumps([frame.data for frame in fresh_frames(live.events)])


def fresh_frames(events: list[Frame]) -> list[Frame]:
    """Return the frames that were sent after the first deletion."""
    names = [frame.event for frame in events]
    return events[names.index("message_deleted") :] if "message_deleted" in names else []


async def test_the_site_agrees_with_itself_and_exports_stream(cast: Cast, desk: Desk) -> None:
    carol = await cast.newcomer()
    talk = await cast.conversation(carol)
    cast.stage.deployment.shell(TALK.format(user=carol.id, conversation=talk["id"]))
    text = await desk.post(f"/admin/conversations/conversation/{talk['id']}/export/", WHY)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["content"] for line in lines[1:-1]] == [f"line {n}" for n in range(450)]
    assert lines[-1] == {"kind": "end", "lines": 451}
    assert "No problems found." in cast.stage.deployment.command("check_integrity")
