"""The site behind a PgBouncer that gives each transaction another session of PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from tests.harness.backend import Deployment, base_environment
from tests.harness.cast import Cast, Stage
from tests.harness.pgbouncer import PgBouncer, PooledDatabase
from tests.harness.servers import ServerKind
from tests.harness.services import PostgreSQL, Redis, ServiceMissing
from tests.harness.shell import Shell, ShellFailed

# The export reads one row and then the next, while other statements run.
EXPORT = """
from conversations.moderation.exports import export_person
print(b"".join(export_person(actor=None, user_id={user_id}, reason="asked for")).decode())
"""
# The imported module keeps the lock until another program of the same process releases it.
ACQUIRE = """
import chatsite
from chatsite.legacy_import.import_lock import acquire_lock
chatsite.lock = acquire_lock("old")
chatsite.lock.__enter__()
"""
RELEASE = "import chatsite; chatsite.lock.__exit__(None, None, None)"


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory, postgres: PostgreSQL) -> Iterator[Deployment]:
    redis = Redis()
    environment = {**base_environment(), "REDIS_URL": redis.url, "DATABASE_POOLER": "transaction"}
    with ExitStack() as stack:
        try:
            pooler = stack.enter_context(PgBouncer(postgres))
        except ServiceMissing as missing:
            pytest.skip(f"NOT TESTED behind a pooler: {missing}")
        database = PooledDatabase(postgres, "pooled", pooler)
        folder = tmp_path_factory.mktemp("pooled")
        kinds: tuple[ServerKind, ...] = ("daphne", "uvicorn")
        deployment = Deployment("services", folder, environment, kinds, redis, database)
        yield stack.enter_context(deployment)


@pytest.fixture(scope="module")
def pooled_stage(pooled: Deployment) -> Stage:
    return Stage.set_up(pooled)


@pytest.fixture
async def people(pooled_stage: Stage) -> AsyncIterator[Cast]:
    async with Cast(pooled_stage) as cast:
        yield cast


async def test_people_talk(people: Cast) -> None:
    customer = await people.newcomer()
    conversation = (await people.conversation(customer))["id"]
    member, sender = await people.olivia.live(), await customer.live()
    await member.join(conversation)
    for number in range(20):
        message = {"conversationId": conversation, "content": f"message {number}", "messageType": "text"}
        await sender.call("send_message", message)
    await member.expect("new_message", lambda data: bool(data["message"]["content"] == "message 19"))
    page = await people.olivia.rest.get(f"/chat/conversations/{conversation}/messages")
    assert [message["seq"] for message in page["results"]] == [*range(1, 21)]


async def test_a_long_export_reads_its_rows_in_turn(people: Cast, pooled: Deployment) -> None:
    customer = await people.newcomer()
    conversation = await people.conversation(customer)
    message = await people.olivia.send(conversation["id"], "hello")
    await (await customer.live()).call("add_reaction", {"messageId": message["id"], "emoji": "👍"})
    assert '"emoji":"👍"' in pooled.shell(EXPORT.format(user_id=customer.id))


def test_one_import_at_a_time(pooled: Deployment) -> None:
    other = Shell(pooled.starter)
    try:
        pooled.shell(ACQUIRE)
        with pytest.raises(ShellFailed, match="AlreadyRunning"):
            other.run(ACQUIRE)
        pooled.shell(RELEASE)
        other.run(ACQUIRE)
        other.run(RELEASE)
    finally:
        other.close()
