"""After any history of messages, reads, deletes, hides, mutes and marks, the counts equal a recount from the rows."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from conversations import operations
from conversations.integrity import find_problems
from conversations.models import ChatMessage, Conversation, OwnState
from conversations.moderation import operations as moderation
from conversations.own_objects import personal_object
from conversations.own_state.operations import arrange_conversation, mark_unread
from conversations.unread_counts import count_unread
from tests.conversations.people import business, conversation, person, say

pytestmark = pytest.mark.django_db

STEPS = 40


class Story:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.team, self.customer = [person(), person()], person()
        self.talks = [conversation(business(*self.team), self.customer) for _ in range(2)]
        for talk in self.talks:
            say(talk, self.customer, ["a", "b"])

    def step(self) -> None:
        talk = self.random.choice(self.talks)
        who = self.random.choice([*self.team, self.customer])
        self.random.choice([self.say, self.say, self.read, self.mark, self.mute, self.delete, self.hide])(
            talk, who
        )

    def say(self, talk: Conversation, who: User) -> None:
        say(talk, who, ["x"] * self.random.randint(1, 3))

    def read(self, talk: Conversation, who: User) -> None:
        ids = list(ChatMessage.objects.filter(conversation=talk).values_list("pk", flat=True))
        some = [str(key) for key in self.random.sample(ids, self.random.randint(1, len(ids)))]
        operations.mark_read(
            user_id=who.pk, conversation_id=talk.pk, message_ids=self.random.choice([None, some])
        )

    def mark(self, talk: Conversation, who: User) -> None:
        talk.refresh_from_db()
        seq = self.random.randint(1, talk.last_seq)
        mark_unread(user_id=who.pk, conversation_id=talk.pk, seq=seq)

    def mute(self, talk: Conversation, who: User) -> None:
        until = self.random.choice([None, timezone.now() + timedelta(hours=1)])
        arrange_conversation(user_id=who.pk, conversation_id=talk.pk, muted_until=until)

    def delete(self, talk: Conversation, who: User) -> None:
        mine = ChatMessage.objects.filter(conversation=talk, sender=who).order_by("?").first()
        if mine is not None:
            operations.delete_message(user_id=who.pk, message_id=mine.pk)

    def hide(self, talk: Conversation, who: User) -> None:
        message = ChatMessage.objects.filter(conversation=talk).order_by("?").first()
        assert message is not None
        act = moderation.restore_message if message.hidden_at else moderation.hide_message
        act(actor=None, message_id=message.pk, reason="x")

    def recount(self, messages: list[ChatMessage], state: OwnState | None, other: str) -> int:
        count = 0
        for message in messages:
            marked = (
                state is not None
                and state.unread_from is not None
                and state.unread_to is not None
                and state.unread_from <= message.seq <= state.unread_to
            )
            visible = message.deleted_at is None and message.hidden_at is None
            count += message.sender_side == other and visible and (marked or message.status != "read")
        return count

    def check(self) -> None:
        keys = [talk.pk for talk in self.talks]
        fresh = Conversation.objects.select_related("business", "customer").in_bulk(keys)
        states = {(one.user_id, one.conversation_id): one for one in OwnState.objects.all()}
        messages = {key: list(ChatMessage.objects.filter(conversation=key)) for key in keys}
        for who in (*self.team, self.customer):
            answer, total, muted = count_unread(who.pk), 0, 0
            side, other = ("customer", "business") if who == self.customer else ("business", "customer")
            for key in keys:
                state = states.get((who.pk, key))
                count = self.recount(messages[key], state, other)
                assert personal_object(who.pk, fresh[key], side).unread_count == count
                assert answer.conversations.get(key, 0) == count
                if state is not None and state.muted_until is not None:
                    muted += count
                else:
                    total += count
            assert (answer.total, answer.muted) == (total, muted)
        assert list(find_problems()) == []


@pytest.mark.parametrize("seed", range(2))
def test_counts_equal_a_recount(seed: int) -> None:
    story = Story(seed)
    for _ in range(STEPS):
        story.step()
        story.check()
