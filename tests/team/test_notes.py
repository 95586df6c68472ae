"""Private notes: only members see them, a mention notifies, retries create one note, and a deleted note is empty."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from conversations import membership
from conversations.models import Membership, Note
from conversations.moderation import erasure
from conversations.moderation.exports import export_person
from conversations.sync import SyncCommand, synchronise
from notifications.models import Notification
from tests.conversations.people import client_of
from tests.team.scene import Scene, heard

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene()


def add(scene: Scene, user: User | None = None, content: str = "secret", **more: Any) -> Any:
    return scene.post(user or scene.member, f"{scene.path}/notes", content=content, **more)


def listed(scene: Scene, user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.get(user, f"{scene.path}/notes").json()["results"]
    return found


def edit(scene: Scene, user: User, note_id: str, **body: Any) -> Any:
    return client_of(user).patch(f"{scene.path}/notes/{note_id}", body, format="json")


def delete(scene: Scene, user: User, note_id: str) -> int:
    return int(client_of(user).delete(f"{scene.path}/notes/{note_id}").status_code)


def test_members_read_a_colleagues_note(scene: Scene) -> None:
    before = scene.seen_by(scene.customer)
    with heard() as events:
        made = add(scene)
    assert made.status_code == 201, made.content
    note = made.json()
    assert (note["teamRev"], note["content"], note["authorId"]) == (1, "secret", str(scene.member.pk))
    assert listed(scene, scene.colleague) == [note]
    data = {"conversationId": str(scene.talk.pk), "teamRev": 1, "note": note}
    assert events == [(f"business.{scene.shop.pk}.members", "note_added", data)]
    assert scene.seen_by(scene.colleague)["teamRev"] == 1
    assert scene.seen_by(scene.customer) == before


@pytest.mark.parametrize("who", ["customer", "stranger"])
def test_for_others_notes_do_not_exist(scene: Scene, who: str) -> None:
    note, user = add(scene).json()["id"], getattr(scene, who)
    assert scene.get(user, f"{scene.path}/notes").status_code == 404
    assert add(scene, user).status_code == 404
    assert edit(scene, user, note, content="x").status_code == 404
    assert delete(scene, user, note) == 404
    assert Note.objects.get().content == "secret"


def test_a_retry_makes_one_note(scene: Scene) -> None:
    first, again = (add(scene, clientId="n1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert add(scene, scene.colleague, clientId="n1").status_code == 201
    assert scene.state()["teamRev"] == 2


def test_a_mention_notifies_once_and_tells_nothing_of_the_note(scene: Scene) -> None:
    me, colleague = str(scene.member.pk), str(scene.colleague.pk)
    note = add(scene, mentionIds=[me, colleague]).json()
    assert set(note["mentionIds"]) == {me, colleague}
    edit(scene, scene.member, note["id"], content="more", mentionIds=[colleague])
    edit(scene, scene.member, note["id"], content="still more")
    [row] = Notification.objects.all()
    assert (row.recipient, row.type) == (scene.colleague, "note_mention")
    assert "secret" not in f"{row.title} {row.body} {row.data}"


@pytest.mark.parametrize("whom", ["customer", "stranger"])
def test_only_members_can_be_mentioned(scene: Scene, whom: str) -> None:
    assert add(scene, mentionIds=[str(getattr(scene, whom).pk)]).status_code == 400
    assert not Note.objects.exists()
    assert not Notification.objects.exists()


def test_the_next_edit_drops_the_mention_of_a_former_member(scene: Scene) -> None:
    colleague = str(scene.colleague.pk)
    note = add(scene, mentionIds=[colleague]).json()
    membership.remove_member(business_id=scene.shop.pk, user_id=scene.colleague.pk)
    assert edit(scene, scene.member, note["id"], content="x").json()["mentionIds"] == []
    assert edit(scene, scene.member, note["id"], content="x", mentionIds=["0"]).status_code in (400, 404)


def test_the_author_edits_and_owners_may_delete(scene: Scene) -> None:
    Membership.objects.filter(user=scene.colleague).update(role="agent")
    note = add(scene).json()
    assert edit(scene, scene.colleague, note["id"], content="x").status_code == 403
    assert delete(scene, scene.colleague, note["id"]) == 403
    with heard() as events:
        edited = edit(scene, scene.member, note["id"], content="better").json()
        edit(scene, scene.member, note["id"], content="better")  # changes nothing
        of_agent = add(scene, scene.colleague).json()
        assert delete(scene, scene.member, of_agent["id"]) == 204
        assert delete(scene, scene.member, of_agent["id"]) == 204  # again changes nothing
    assert (edited["content"], edited["teamRev"]) == ("better", 2)
    assert edited["editedAt"] is not None
    assert [(name, data["teamRev"]) for _, name, data in events] == [
        ("note_edited", 2),
        ("note_added", 3),
        ("note_deleted", 4),
    ]
    gone = listed(scene, scene.colleague)[0]
    assert (gone["content"], gone["mentionIds"]) == ("", [])
    assert gone["deletedAt"] is not None
    assert edit(scene, scene.colleague, of_agent["id"], content="x").status_code == 404


def test_a_note_is_found_only_in_its_own_conversation(scene: Scene) -> None:
    other, note = Scene(), add(scene).json()["id"]
    Membership.objects.create(business=other.shop, user=scene.member)
    scene.path = other.path
    assert edit(scene, scene.member, note, content="x").status_code == 404


def test_sync_returns_the_notes_that_changed(scene: Scene) -> None:
    first, second = add(scene).json(), add(scene, content="two").json()
    delete(scene, scene.member, first["id"])
    key = str(scene.talk.pk)
    part = synchronise(scene.colleague.pk, SyncCommand(team={key: 2}))["team"][scene.talk.pk]
    assert [(str(note.id), note.content) for note in part.notes] == [(first["id"], "")]
    part = synchronise(scene.colleague.pk, SyncCommand(team={key: 0}))["team"][scene.talk.pk]
    assert [str(note.id) for note in part.notes] == [second["id"], first["id"]]
    assert part.state.team_rev == 3
    assert synchronise(scene.colleague.pk, SyncCommand(team={key: 9}))["team"][scene.talk.pk].resync
    assert "team" not in synchronise(scene.customer.pk, SyncCommand(team={key: 0}))


@pytest.mark.parametrize("who", ["member", "customer"])
def test_the_erasure_of_author_or_customer_empties_notes(scene: Scene, who: str) -> None:
    add(scene)
    add(scene, scene.colleague, content="theirs")
    exported = b"".join(export_person(actor=None, user_id=getattr(scene, who).pk, reason="asked"))
    assert (b"secret" in exported) == (who == "member")
    assert b"theirs" not in exported
    erasure.erase_person(actor=None, user_id=getattr(scene, who).pk, reason="asked")
    contents = [note["content"] for note in listed(scene, scene.colleague)]
    assert contents == (["theirs", ""] if who == "member" else ["", ""])
    assert Note.objects.filter(author=scene.member).exists() == (who == "customer")
    rev = Note.objects.order_by("-team_rev")[0].team_rev
    erasure.erase_person(actor=None, user_id=getattr(scene, who).pk, reason="asked")
    assert Note.objects.order_by("-team_rev")[0].team_rev == rev
