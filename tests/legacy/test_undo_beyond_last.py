"""After an undo nothing refers to a `seq` that only later messages have."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chatsite.realtime import broadcast, groups
from chatsite.realtime.hub import Addressed
from conversations import operations
from conversations.conversation_list import Filters, conversation_page
from conversations.models import Conversation, Episode, OwnState
from conversations.own_objects import personal_object
from conversations.own_state.operations import mark_unread
from notifications.delivery.models import Channel, Notice, Progress
from tests.conversations.people import say
from tests.legacy.conftest import Run
from tests.legacy.generator import BEGIN, World
from tests.legacy.oldtable import OldTable
from tests.legacy.state import check_state


class Scene:
    """A conversation whose messages 1 to 3 are live, and 4 to 8 imported."""

    def __init__(self, old: OldTable, world: World, run: Run) -> None:
        business, (member, colleague) = world.businesses[0]
        self.member, self.colleague = User.objects.get(pk=member), User.objects.get(pk=colleague)
        self.customer = User.objects.get(pk=world.customers[0])
        self.where, _, _ = operations.open_conversation(user_id=self.customer.pk, business_id=str(business))
        self.say(3)
        operations.mark_read(user_id=member, conversation_id=self.where.pk)
        both = {"businessId": str(business), "customerId": self.customer.pk, "createdAt": BEGIN}
        for number in range(5):
            old.add(id=number, content=f"old {number}", senderId=self.customer.pk, **both)
        run()
        assert self.head().last_seq == 8

    def say(self, number: int) -> None:
        say(self.where, self.customer, ["live"] * number)

    def head(self) -> Conversation:
        return Conversation.objects.get(pk=self.where.pk)

    def own(self, user: User) -> OwnState:
        return OwnState.objects.get(user=user, conversation=self.where)

    def unread(self, user: User) -> int:
        return personal_object(user.pk, self.head(), "business").unread_count


@pytest.fixture
def scene(old: OldTable, world: World, run: Run) -> Scene:
    return Scene(old, world, run)


def test_marks_of_removed_messages_end(scene: Scene, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    mark_unread(user_id=scene.member.pk, conversation_id=scene.where.pk, seq=5)
    mark_unread(user_id=scene.colleague.pk, conversation_id=scene.where.pk, seq=2)
    sent: list[Addressed] = []
    monkeypatch.setattr(broadcast, "broadcast", sent.extend)
    run("--undo")
    ended, shortened = scene.own(scene.member), scene.own(scene.colleague)
    assert (ended.unread_from, ended.unread_to, ended.state_rev) == (None, None, 2)
    assert (shortened.unread_from, shortened.unread_to, shortened.state_rev) == (2, 3, 2)
    assert {group for group, _ in sent} >= {
        groups.user(str(user.pk)) for user in (scene.member, scene.colleague)
    }
    listed = conversation_page(scene.member.pk, limit=9, filters=Filters(unread=True))
    assert listed.conversations == []
    check_state()

    scene.say(4)
    operations.mark_read(user_id=scene.colleague.pk, conversation_id=scene.where.pk)
    assert scene.unread(scene.member) == 0


def test_people_are_notified_of_messages_that_take_the_numbers(scene: Scene, run: Run) -> None:
    for user, push, email in ((scene.member, 8, 8), (scene.colleague, 2, 0)):
        Progress.objects.create(user=user, conversation=scene.where, push_seq=push, email_seq=email)
    covers = {str(scene.where.pk): 8, "another": 70}
    mail = Notice.objects.create(user=scene.member, channel=Channel.EMAIL, state="sent", covers=covers)
    run("--undo")
    kept = Progress.objects.order_by("pk").values_list("push_seq", "email_seq")
    assert list(kept) == [(3, 3), (2, 0)]
    mail.refresh_from_db()
    assert mail.covers == {str(scene.where.pk): 3, "another": 70}


def episode(scene: Scene, last_seq: int) -> Episode:
    return Episode.objects.create(
        conversation=scene.where,
        business=scene.where.business,
        last_seq=last_seq,
        resolved_at=timezone.now() + timedelta(hours=last_seq),
        measured_at=timezone.now(),
        customer_messages=99,
    )


def ends(scene: Scene) -> list[tuple[int, int]]:
    rows = Episode.objects.filter(conversation=scene.where).order_by("last_seq")
    return list(rows.values_list("last_seq", "customer_messages"))


def test_an_episode_ends_with_the_messages_that_are_left(scene: Scene, run: Run) -> None:
    for last_seq in (2, 6, 8):
        episode(scene, last_seq)
    run("--undo")
    assert ends(scene) == [(2, 99), (3, 1)]  # the third message is all that is left of the second episode


def test_an_episode_without_messages_goes(scene: Scene, run: Run) -> None:
    for last_seq in (3, 6):
        episode(scene, last_seq)
    run("--undo")
    assert ends(scene) == [(3, 99)]
