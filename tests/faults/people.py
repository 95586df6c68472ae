"""The clients of a run, and what each has recorded. They are the published Python client, and plain REST."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import httpx

from business_chat_client import (
    ChatClient,
    ChatError,
    Conversation,
    Message,
    MessageArrived,
    MessageDeleted,
    MessageEdited,
    MessagesDelivered,
    MessagesRead,
)
from tests.faults.site import Site
from tests.harness.cast import PASSWORD
from tests.harness.rest import random_address

HEARTBEAT: Final = 3.0  # seconds; a heartbeat finds a lost last event
T = TypeVar("T")
STATUSES: Final = ("sent", "delivered", "read")


@dataclass
class Log:
    """What clients have received. Every send is repeated until it is answered, so in the end all are acked."""

    intended: dict[str, str] = field(default_factory=dict)  # client id → content
    acked: dict[str, tuple[str, int]] = field(default_factory=dict)  # client id → message id and seq
    wrong: list[str] = field(default_factory=list)  # promises that were broken during the run
    waits: list[float] = field(default_factory=list)  # seconds from a send to its ack
    internal: int = 0  # answers of `internal`

    def ack(self, client_id: str, message_id: str, seq: int, content: str) -> None:
        known = self.acked.setdefault(client_id, (message_id, seq))
        if known != (message_id, seq):
            self.wrong.append(f"{client_id} was acked as {known} and as {(message_id, seq)}")
        if content != self.intended[client_id]:
            self.wrong.append(f"{client_id} was acked with another content")


class Watcher:
    """Compares each event of a conversation with the earlier ones."""

    def __init__(self, name: str, conversation: Conversation, log: Log) -> None:
        self.name, self.conversation = name, conversation
        self._log = log
        self._rank: dict[str, int] = {}
        self._last = 0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        async for event in self.conversation.events():
            if isinstance(event, MessageArrived):
                self._arrived(event.message)
            elif isinstance(event, (MessagesDelivered, MessagesRead)):
                for message in event.messages:
                    self._status(message)
            elif isinstance(event, (MessageEdited, MessageDeleted)):
                self._status(event.message)

    def _arrived(self, message: Message) -> None:
        if self._last and message.seq != self._last + 1:
            self._log.wrong.append(f"{self.name} was told of seq {message.seq} after {self._last}")
        self._last = message.seq
        self._status(message)

    def _status(self, message: Message) -> None:
        rank = STATUSES.index(message.status)
        if rank < self._rank.get(message.id, 0):
            self._log.wrong.append(f"{self.name} saw {message.id} go back to {message.status}")
        self._rank[message.id] = rank

    def stop(self) -> None:
        self._task.cancel()


class Device:
    """One client of one user, in some conversations, and the load that it creates."""

    def __init__(self, name: str, client: ChatClient, log: Log, chance: random.Random) -> None:
        self.name, self.client = name, client
        self.conversations: list[Conversation] = []
        self.watchers: list[Watcher] = []
        self._log, self._chance = log, chance
        self._count = 0

    async def join(self, conversation_id: str) -> None:
        conversation = await self.client.join(conversation_id, history=None)
        self.conversations.append(conversation)
        self.watchers.append(Watcher(self.name, conversation, self._log))

    async def talk(self, pause: float, until: asyncio.Event) -> None:
        while not until.is_set():
            await asyncio.sleep(self._chance.expovariate(1 / pause))
            await self.act(self._chance.choice(self.conversations))

    async def act(self, conversation: Conversation) -> None:
        what = self._chance.random()
        if what < 0.7:
            await self.send(conversation)
        elif what < 0.9:
            unread = [message for message in conversation.messages[-50:] if message.read_at is None]
            if unread:
                await self._insist(lambda: conversation.mark_read(unread))
        else:
            await self._change_an_old_one(conversation)

    async def send(self, conversation: Conversation, client_id: str = "", content: str = "") -> None:
        self._count += 1
        client_id = client_id or f"{self.name}-{self._count}"
        content = self._log.intended.setdefault(client_id, content or self._words(client_id))
        began = time.monotonic()
        message = await self._insist(lambda: conversation.send(content, client_id=client_id))
        self._log.waits.append(time.monotonic() - began)
        self._log.ack(client_id, message.id, message.seq, content if message.edited_at else message.content)

    def _words(self, client_id: str) -> str:
        """Return a text. A tenth of them are long and do not compress, so that the database's files grow."""
        if self._chance.random() < 0.9:
            return f"{client_id} says something"
        return f"{client_id} {base64.b64encode(self._chance.randbytes(5_000)).decode()}"

    async def _change_an_old_one(self, conversation: Conversation) -> None:
        mine = [
            m for m in conversation.messages[-40:-20] if m.client_id and m.client_id.startswith(self.name)
        ]
        if mine:
            message = self._chance.choice(mine)
            text = f"{message.content[:200]} (edited)"
            await self._insist(lambda: conversation.edit(message, text))

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat a send as a person does.

        The client itself repeats only what is `unavailable`; it reports `internal`.
        """
        while True:
            try:
                return await call()
            except ChatError as error:
                if error.code != "internal":
                    raise
                self._log.internal += 1
                await asyncio.sleep(0.5)


class RestSender:
    """Somebody without a socket, who posts with the same client id until there is an answer."""

    def __init__(self, name: str, url: str, access: str, conversation_id: str, log: Log) -> None:
        self._name, self._path, self._log = name, f"/chat/conversations/{conversation_id}/messages", log
        headers = {"Authorization": f"Bearer {access}", "X-Forwarded-For": random_address()}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=6, trust_env=False)

    async def talk(self, chance: random.Random, pause: float, until: asyncio.Event) -> None:
        number = 0
        async with self._http:
            while not until.is_set():
                await asyncio.sleep(chance.expovariate(1 / pause))
                number += 1
                await self._post(f"{self._name}-{number}", chance)

    async def _post(self, client_id: str, chance: random.Random) -> None:
        content = self._log.intended[client_id] = f"{client_id} over REST"
        while True:
            try:
                answer = await self._http.post(self._path, json={"content": content, "clientId": client_id})
            except httpx.HTTPError:
                await asyncio.sleep(chance.uniform(0.1, 0.5))
                continue
            if answer.status_code in (200, 201):
                row = answer.json()
                self._log.ack(client_id, row["id"], row["seq"], row["content"])
                return
            self._log.internal += answer.status_code == 500
            if answer.status_code not in (429, 500, 502, 503, 504):
                self._log.wrong.append(f"{client_id}: {answer.status_code} {answer.text[:200]}")
                return
            await asyncio.sleep(chance.uniform(0.1, 0.5))


@dataclass
class Account:
    name: str
    access: str


@contextlib.asynccontextmanager
async def device(
    site: Site, account: Account, name: str, log: Log, chance: random.Random
) -> AsyncIterator[Device]:
    """Sign in by tokens. The password serves if a lost answer has used one up."""
    client = ChatClient(
        site.url,
        username=account.name,
        password=PASSWORD,
        access=account.access,
        headers={"X-Forwarded-For": random_address()},
        heartbeat=HEARTBEAT,
        trust_env=False,
    )
    async with client:
        made = Device(name, client, log, chance)
        try:
            yield made
        finally:
            for watcher in made.watchers:
                watcher.stop()
