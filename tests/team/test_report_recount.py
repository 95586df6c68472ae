"""Every figure of every report equals a slow recount of the messages, for each grouping."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from statistics import mean, median
from typing import Any, Final

import pytest
from django.contrib.auth.models import User

from conversations.models import Conversation, Episode, Label, TeamGroup
from conversations.team.reports import csat
from conversations.team.reports.requests import CsatBody, CsatSettingsObject
from tests.conversations.people import conversation, person
from tests.team.test_reports import BERLIN, MONDAY, Shop, tell

pytestmark = pytest.mark.django_db
SEED: Final = 7
PEOPLE: Final = ("agent", "owner")
GROUPINGS: Final = ("none", "agent", "group", "label", "day")
Key = str | None


@dataclass
class Said:
    """What happened at a time: somebody's message, or a `resolve` with the team's state."""

    at: datetime
    kind: str
    agent: Key = None
    group: Key = None
    labels: list[str] = field(default_factory=list)
    score: int | None = None


@dataclass
class Part:
    """An episode as the recount finds it: from the customer's first message to the `resolve`."""

    lines: list[Said]
    end: Said
    agents: dict[str, str]  # ids by kind

    @property
    def answers(self) -> list[Said]:
        return [line for line in self.lines if line.kind in PEOPLE]

    @property
    def agent(self) -> Key:
        return self.end.agent or (self.agents[self.answers[-1].kind] if self.answers else None)

    def replies(self) -> Iterator[tuple[str, int, int]]:
        """Return for each answer the earliest message of the customer since the answer before it."""
        for n, line in enumerate(self.lines):
            if line.kind not in PEOPLE:
                continue
            since = max((i for i in range(n) if self.lines[i].kind in PEOPLE), default=-1)
            waiting = [one for one in self.lines[since + 1 : n] if one.kind == "customer"]
            if waiting:
                yield (self.agents[line.kind], *_spent(waiting[0].at, line.at))

    def keys(self, grouping: str) -> Sequence[Key]:
        keys: dict[str, Sequence[Key]] = {
            "none": [None],
            "agent": [self.agent],
            "group": [self.end.group],
            "label": self.end.labels or [None],
            "day": [self.end.at.astimezone(BERLIN).date().isoformat()],
        }
        return keys[grouping]


class World:
    """Six customers who write, are answered, and rate, at random."""

    def __init__(self) -> None:
        self.shop, self.chance = Shop(), random.Random(SEED)
        question = CsatSettingsObject(enabled=True)
        csat.set_settings(user_id=self.shop.owner.pk, business_id=str(self.shop.shop.pk), body=question)
        self.groups = [str(self._new(TeamGroup, name)) for name in ("sales", "service")]
        self.labels = [str(self._new(Label, name)) for name in ("refund", "urgent", "other")]
        self.agents = {"agent": str(self.shop.agent.pk), "owner": str(self.shop.owner.pk)}
        self.said = [self._talk() for _ in range(6)]

    def _new(self, model: Any, name: str) -> Any:
        return model.objects.create(business=self.shop.shop, name=name).pk

    def _talk(self) -> list[Said]:
        customer, chance, at = person(), self.chance, MONDAY
        where = conversation(self.shop.shop, customer)
        said: list[Said] = []
        for _ in range(chance.randint(6, 18)):
            at += timedelta(minutes=chance.randint(1, 700))
            kind = chance.choice(["customer", "customer", "agent", "owner", "bot", "system", "resolve"])
            one = Said(at, kind)
            if kind == "resolve":
                self._resolve(where, customer, one)
            else:
                sender = {"customer": customer, "owner": self.shop.owner}.get(kind, self.shop.agent)
                tell(where, sender, at, kind=kind if kind in ("bot", "system") else "person")
            said.append(one)
        return said

    def _resolve(self, where: Conversation, customer: User, one: Said) -> None:
        chance = self.chance
        one.agent = chance.choice([None, *self.agents.values()])
        one.group = chance.choice([None, *self.groups])
        one.labels = sorted(chance.sample(self.labels, chance.randint(0, 2)))
        chosen = {"assignee_id": one.agent, "group_id": one.group, "label_ids": one.labels}
        episode = self.shop.resolve(where, one.at, **chosen)
        if (
            episode is not None
            and episode.asked_at is not None
            and episode.score is None
            and chance.random() < 0.7
        ):
            one.score = chance.randint(1, 5)
            csat.rate(user_id=customer.pk, conversation_id=str(where.pk), body=CsatBody(score=one.score))

    def parts(self) -> Iterator[Part]:
        for said in self.said:
            lines: list[Said] = []
            for one in said:
                if one.kind != "resolve":
                    if lines or one.kind == "customer":
                        lines.append(one)
                elif lines:
                    yield Part(lines, one, self.agents)
                    lines = []


def _spent(begin: datetime, end: datetime) -> tuple[int, int]:
    """Return the wall time and the time in business hours, counted minute by minute."""
    minutes = round((end - begin).total_seconds() / 60)
    walls = ((begin + timedelta(minutes=n)).astimezone(BERLIN) for n in range(minutes))
    open_minutes = sum(wall.weekday() < 5 and time(9) <= wall.time() < time(17) for wall in walls)
    return minutes * 60, open_minutes * 60


def _times(spent: list[tuple[int, int]]) -> dict[str, Any]:
    found: dict[str, Any] = {"count": len(spent)}
    for suffix, n in (("", 0), ("Open", 1)):
        values = sorted(one[n] for one in spent)
        at_least = [s for s in values if sum(other <= s for other in values) * 10 >= len(values) * 9]
        found[f"median{suffix}"] = median(values) if values else None
        found[f"p90{suffix}"] = at_least[0] if values else None
    return found


def _ratings(parts: list[Part]) -> dict[str, Any]:
    scores = [part.end.score for part in parts if part.end.score is not None]
    good = [score for score in scores if score in (4, 5)]
    return {
        "asked": sum(bool(part.answers) for part in parts),
        "rated": len(scores),
        "mean": round(mean(scores), 2) if scores else None,
        "positiveShare": round(len(good) / len(scores), 4) if scores else None,
    }


def _volume(parts: list[Part]) -> dict[str, Any]:
    kinds = Counter(line.kind for part in parts for line in part.lines)
    return {
        "episodes": len(parts),
        "customerMessages": kinds["customer"],
        "answers": kinds["agent"] + kinds["owner"],
        "botAnswers": kinds["bot"],
        "systemMessages": kinds["system"],
    }


RECOUNTS: Final[dict[str, Callable[[list[Part]], dict[str, Any]]]] = {
    "first-response": lambda parts: _times(
        [next(part.replies())[1:] for part in parts if list(part.replies())]
    ),
    "resolution": lambda parts: _times([_spent(part.lines[0].at, part.end.at) for part in parts]),
    "csat": _ratings,
    "volume": _volume,
}


def test_every_figure_equals_a_slow_recount() -> None:
    world = World()
    parts = list(world.parts())
    assert len(parts) == Episode.objects.filter(measured_at__isnull=False).count() > 5
    assert sum(part.end.score is not None for part in parts) > 2
    for grouping in GROUPINGS:
        grouped: defaultdict[Key, list[Part]] = defaultdict(list)
        replies: defaultdict[Key, list[tuple[int, int]]] = defaultdict(list)
        for part in parts:
            for key in part.keys(grouping):
                grouped[key].append(part)
                if grouping != "agent":
                    replies[key] += [reply[1:] for reply in part.replies()]
            if grouping == "agent":
                for agent, *spent in part.replies():
                    replies[agent].append((spent[0], spent[1]))
        for metric, recount in RECOUNTS.items():
            expected = {key: recount(of_key) for key, of_key in grouped.items()}
            assert _shown(world, metric, grouping) == expected, (metric, grouping)
        expected = {key: _times(spent) for key, spent in replies.items()}
        assert _shown(world, "reply-time", grouping) == expected, grouping


def test_the_load_equals_a_slow_recount() -> None:
    world = World()
    expected = {f"{hour:02}": {"customerMessages": 0, "answers": 0} for hour in range(24)}
    for one in (one for said in world.said for one in said):
        if one.kind in ("customer", *PEOPLE):
            name = "customerMessages" if one.kind == "customer" else "answers"
            expected[f"{one.at.astimezone(BERLIN).hour:02}"][name] += 1
    assert _shown(world, "load", "none") == expected


def _shown(world: World, metric: str, grouping: str) -> dict[Key, dict[str, Any]]:
    return {row.key: row.values for row in world.shop.report(metric, grouping).rows}
