"""The tracker's findings lead to the database and the events."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from chatsite.database import threads as database
from conversations import access
from presence import announcements, operations
from presence.announcements import Announcer
from tests.presence.conftest import StartProcess, contacts_of
from tests.presence.process import ROUND, Announced, eventually

pytestmark = pytest.mark.standalone

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def database_away(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Its one entry says whether the database is unavailable."""
    monkeypatch.setattr(announcements, "RETRY_SECONDS", 0.05)
    away = [True]

    def groups(user_ids: Iterable[str]) -> dict[str, list[str]]:
        if away[0]:
            raise OperationalError("the connection is lost")
        return contacts_of(user_ids)

    monkeypatch.setattr(access, "contact_groups", groups)
    return away


async def test_news_wait_for_the_database(
    start_process: StartProcess, announced: Announced, database_away: list[bool]
) -> None:
    process = start_process()
    process.connect("7", "phone")
    process.connect("8", "laptop")
    await asyncio.sleep(0.2)
    assert announced.events == []
    database_away[0] = False
    await eventually(lambda: announced.names("7") == announced.names("8") == ["user_online"])


async def test_a_hook_that_fails_hides_nobody_and_stops_no_other_hook(
    start_process: StartProcess, announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    online: list[str] = []

    def fail(user_ids: Collection[str]) -> None:
        raise RuntimeError("a rule is broken")

    monkeypatch.setattr(announcements, "came_online", [fail, online.extend])
    start_process().connect("7", "phone")
    await eventually(lambda: announced.names("7") == ["user_online"])
    assert online == ["7"]


async def test_of_one_user_the_latest_news_count(
    start_process: StartProcess,
    announced: Announced,
    database_away: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process, offline, tell = start_process(), list[str](), Announcer.offline

    def noted(announcer: Announcer, user_id: str, last_seen: datetime) -> None:
        tell(announcer, user_id, last_seen)
        offline.append(user_id)

    monkeypatch.setattr(Announcer, "offline", noted)
    process.connect("7", "phone")
    await asyncio.sleep(0.1)
    process.disconnect("phone")
    await eventually(lambda: offline == ["7"])
    database_away[0] = False
    await eventually(lambda: announced.names("7") == ["user_offline"])
    assert "7" in announced.last_seen


async def test_a_failure_that_is_no_outage_does_not_stop_the_others(
    start_process: StartProcess, announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record(*, seen: Mapping[str, datetime]) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(operations, "record_last_seen", record)
    process = start_process()
    process.announcer.offline("7", AT)
    await asyncio.sleep(0.1)
    process.announcer.online("8")
    await eventually(lambda: announced.names("8") == ["user_online"])


async def test_a_return_announced_before_the_departure_is_announced_again(
    start_process: StartProcess, announced: Announced
) -> None:
    """One process expires a user while another announces the return first.

    Contacts must not end with the departure.
    """
    slow, quick = start_process(), start_process()
    quick.connect("7", "phone")
    await eventually(lambda: announced.names("7") == ["user_online"])
    slow.announcer.offline("7", AT)
    await eventually(lambda: announced.names("7") == ["user_online", "user_offline", "user_online"])
    await asyncio.sleep(ROUND * 3)
    assert len(announced.names("7")) == 3


async def test_one_thread_hop_for_a_newcomer_and_none_for_a_second_device(
    start_process: StartProcess, announced: Announced
) -> None:
    process = start_process()
    before = database.hops
    process.connect("7", "phone")
    await eventually(lambda: announced.names("7") == ["user_online"])
    assert database.hops == before + 1
    process.connect("7", "laptop")
    await asyncio.sleep(0.2)
    assert database.hops == before + 1


async def test_a_crowd_shares_its_thread_hops(start_process: StartProcess, announced: Announced) -> None:
    process = start_process()
    before = database.hops
    for number in range(90):
        process.connect(str(number), f"device {number}")
    await eventually(lambda: len(announced.events) == 90)
    assert database.hops == before + 1
