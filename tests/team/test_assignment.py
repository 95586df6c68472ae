"""Automatic assignment: who gets which conversation, and that none waits while an agent is free."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Collection
from typing import Any, Final
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from conversations.access import user_key
from conversations.membership import remove_member
from conversations.models import Conversation, Membership, TeamState
from conversations.team.assignment import candidates
from conversations.team.assignment.assigning import assign_waiting, members_came_online
from conversations.team.jobs import unassign_former_member
from conversations.team.operations import set_team_state
from conversations.team.requests import TeamBody
from conversations.writing.conversation_sql import lock_conversations
from tests.conversations.people import business, client_of, conversation, person, say

pytestmark = pytest.mark.django_db
SEED: Final = 20
CONVERSATIONS: Final = 200


class Team:
    """A business, its agents, and those of them who are online."""

    def __init__(self) -> None:
        self.owner = person()
        self.shop = business(self.owner)
        self.agents: list[User] = []
        self.online: set[str] = set()

    def join(self, count: int) -> None:
        for agent in (person() for _ in range(count)):
            Membership.objects.create(business=self.shop, user=agent)
            self.agents.append(agent)

    def source(self, user_ids: Collection[str]) -> set[str]:
        return self.online & set(user_ids)

    def use(self, mode: str, capacity: int | None = None, who: User | None = None) -> Any:
        body = {"mode": mode, "capacity": capacity}
        path = f"/team/assignment/{self.shop.pk}"
        return client_of(who or self.owner).put(path, body, format="json")

    def come(self, *agents: User) -> None:
        self.online |= {str(agent.pk) for agent in agents}
        members_came_online([str(agent.pk) for agent in agents])
        self.work()

    def leave(self, agent: User) -> None:
        self.online.discard(str(agent.pk))

    def ask(self) -> Conversation:
        """A new customer writes."""
        made = conversation(self.shop)
        say(made, made.customer, ["hello"])
        self.work()
        return made

    def ask_at_once(self, count: int) -> list[Conversation]:
        """Let this number of customers write before a job runs.

        For speed, only the last message uses the operation.
        """
        names = (f"person-{uuid4().hex[:12]}" for _ in range(count - 1))
        people = User.objects.bulk_create(User(username=name, password="!") for name in names)
        now = timezone.now()
        made = Conversation.objects.bulk_create(
            Conversation(business=self.shop, customer=one, last_seq=1, rev=1, last_message_at=now)
            for one in people
        )
        return [*made, self.ask()]

    def set(self, where: Conversation, **body: Any) -> None:
        answer = client_of(self.owner).patch(f"/chat/conversations/{where.pk}/team", body, format="json")
        assert answer.status_code == 200, answer.content
        self.work()

    def work(self) -> None:
        """Run the jobs that the changes have enqueued."""
        name = f"{assign_waiting.func.__module__}.assign_waiting"
        while jobs := list(DBTaskResult.objects.filter(task_path=name)):
            DBTaskResult.objects.filter(pk__in=[job.pk for job in jobs]).delete()
            for job in jobs:
                assign_waiting.call(*job.args_kwargs["args"])

    def assignee(self, where: Conversation) -> Any:
        return TeamState.objects.filter(pk=where.pk).values_list("assignee_id", flat=True).first()

    def loads(self) -> Counter[Any]:
        rows = TeamState.objects.filter(business=self.shop, status="open", assignee__isnull=False)
        return Counter(rows.values_list("assignee_id", flat=True))

    def unassigned(self) -> int:
        rows = Conversation.objects.filter(business=self.shop)
        return rows.exclude(team_state__assignee__isnull=False).exclude(team_state__status="resolved").count()


@pytest.fixture
def team(monkeypatch: pytest.MonkeyPatch) -> Team:
    made = Team()
    monkeypatch.setattr(candidates, "online_sources", [made.source])
    return made


def test_round_robin_assigns_in_turn_to_online_members(team: Team) -> None:
    team.join(3)
    first, second, third = team.agents
    assert team.use("round_robin").status_code == 200
    waiting = team.ask()
    assert team.assignee(waiting) is None
    team.come(first, third)
    assert team.assignee(waiting) == first.pk
    assert [team.assignee(team.ask()) for _ in range(2)] == [third.pk, first.pk]
    team.come(second)
    assert [team.assignee(team.ask()) for _ in range(3)] == [second.pk, third.pk, first.pk]
    team.leave(second)
    assert team.assignee(team.ask()) == third.pk


def test_least_loaded_assigns_to_the_member_with_the_fewest(team: Team) -> None:
    team.join(2)
    team.use("least_loaded")
    team.come(team.agents[0])
    held = [team.ask() for _ in range(3)]
    team.come(team.agents[1])
    assert {team.assignee(team.ask()) for _ in range(3)} == {team.agents[1].pk}
    for one in held:
        team.set(one, status="resolved")
    assert team.assignee(team.ask()) == team.agents[0].pk


def test_the_capacity_is_respected_and_waiting_conversations_are_assigned_later(team: Team) -> None:
    team.join(1)
    team.use("round_robin", capacity=1)
    team.come(team.agents[0])
    taken, waiting = team.ask(), team.ask()
    assert team.assignee(waiting) is None
    team.set(taken, status="pending")
    assert team.assignee(waiting) == team.agents[0].pk


def test_a_conversation_of_a_group_waits_for_the_group(team: Team) -> None:
    team.join(2)
    body = {"businessId": str(team.shop.pk), "name": "sales", "memberIds": [str(team.agents[1].pk)]}
    group = client_of(team.owner).post("/team/groups", body, format="json").json()["id"]
    team.use("least_loaded")
    waiting = team.ask()
    team.set(waiting, groupId=group)
    team.come(team.agents[0])
    assert team.assignee(waiting) is None
    assert team.assignee(team.ask()) == team.agents[0].pk
    team.come(team.agents[1])
    assert team.assignee(waiting) == team.agents[1].pk


def test_earlier_silent_conversations_stay_unassigned(team: Team) -> None:
    team.join(1)
    team.online = {str(team.agents[0].pk)}
    before, empty = team.ask(), conversation(team.shop)
    team.use("round_robin")
    team.work()
    assert team.assignee(before) is None
    assert team.assignee(empty) is None
    say(before, before.customer, ["still there?"])
    team.work()
    assert team.assignee(before) == team.agents[0].pk


def test_the_conversations_of_a_former_member_are_given_again(team: Team) -> None:
    team.join(2)
    team.use("round_robin")
    team.come(team.agents[0])
    where = team.ask()
    team.come(team.agents[1])
    remove_member(business_id=team.shop.pk, user_id=team.agents[0].pk)
    unassign_former_member.call(str(team.shop.pk), str(team.agents[0].pk))
    team.work()
    assert team.assignee(where) == team.agents[1].pk


def test_bots_get_nothing_and_off_assigns_nothing(team: Team) -> None:
    bot = person()
    Membership.objects.create(business=team.shop, user=bot, is_bot=True)
    team.use("round_robin")
    team.come(bot)
    assert team.assignee(team.ask()) is None
    team.use("off")
    team.come(team.owner)
    assert team.unassigned() == 1
    assert DBTaskResult.objects.filter(task_path__endswith="assign_waiting").count() == 0


def test_owners_set_the_rule_and_customers_do_not_see_it(team: Team) -> None:
    team.join(1)
    path = f"/team/assignment/{team.shop.pk}"
    assert client_of(team.agents[0]).get(path).json() == {"mode": "off", "capacity": None}
    assert team.use("round_robin", who=team.agents[0]).status_code == 403
    assert client_of(person()).get(path).status_code == 404
    assert team.use("round_robin", capacity=0).status_code == 400
    assert team.use("by_mood").status_code == 400


def test_none_waits_while_somebody_is_free(team: Team) -> None:
    """200 customers write in bursts.

    5 agents go online and offline, and resolve. No conversation waits while one is free.
    """
    chance = random.Random(SEED)
    conversations: list[Conversation] = []
    capacity, waited = 12, 0
    team.join(5)
    team.use("least_loaded", capacity=capacity)
    while len(conversations) < CONVERSATIONS:
        _step(team, chance, conversations)
        loads, unassigned = team.loads(), team.unassigned()
        free = [key for key in team.online if loads[user_key(key)] < capacity]
        assert not (free and unassigned), (free, loads, unassigned)
        assert max(loads.values(), default=0) <= capacity
        waited += bool(unassigned)
        if len(conversations) > CONVERSATIONS / 2:
            team.use("round_robin", capacity=capacity)
    assert waited > 5  # else the steps have tried nothing
    assert sum(team.loads().values()) > 20


def _step(team: Team, chance: random.Random, conversations: list[Conversation]) -> None:
    step = chance.random()
    if step < 0.25:
        team.come(chance.choice(team.agents))
    elif step < 0.5:
        team.leave(chance.choice(team.agents))
    elif step < 0.75 or not conversations:
        burst = min(chance.randint(1, 20), CONVERSATIONS - len(conversations))
        conversations += team.ask_at_once(burst)
    elif step < 0.95:
        for where in chance.sample(conversations, min(5, len(conversations))):
            set_team_state(user_id=team.owner.pk, conversation_id=where.pk, body=TeamBody(status="resolved"))
        team.work()
    else:
        team.set(chance.choice(conversations), assigneeId=None)


# SQLite has one lock for everything.
if connection.vendor == "postgresql":

    @pytest.mark.django_db(transaction=True)
    def test_a_locked_conversation_is_skipped_and_tried_again(team: Team) -> None:
        team.join(1)
        team.use("round_robin")
        locked, free = team.ask(), team.ask()
        team.online = {str(team.agents[0].pk)}
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                lock_conversations([locked.pk])
                held.set()
                done.wait(30)
            connection.close()

        thread = threading.Thread(target=hold)
        thread.start()
        try:
            assert held.wait(30)
            assign_waiting.call(str(team.shop.pk))  # does not wait for the lock
            assert team.assignee(locked) is None
            assert team.assignee(free) == team.agents[0].pk
        finally:
            done.set()
            thread.join()
        team.work()
        assert team.assignee(locked) == team.agents[0].pk
