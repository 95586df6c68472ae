"""The channel layer of one event loop: the events of the hub, and the channels that the loop receives from.

Events of the hub take a short way (`listen`, `publish_events`, `on_events`): packed bytes from process to process,
without mailboxes and message dicts in between.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final
from uuid import uuid4

from chatsite.realtime.redis.connection import PING_SECONDS, SILENCE_SECONDS, RedisConnection
from chatsite.realtime.redis.local_channels import STORED_MESSAGE, STORED_MESSAGES, LocalChannels, Mailbox
from chatsite.realtime.redis.server import RedisServer
from chatsite.realtime.redis.stored_channels import StoredChannels

logger = logging.getLogger(__name__)

# What data begins with. msgpack never uses the first.
EVENTS: Final = b"\xc1"
MESSAGE: Final = b"m"  # to a group
STORED: Final = b"s"  # a message waits in the channel's list
JOIN: Final = b"+"  # another process adds this channel to a group
LEAVE: Final = b"-"

ORIGIN_BYTES: Final = (
    16  # follow the mark of events: who published; zeros from outside of the server processes
)
NO_ORIGIN: Final = bytes(ORIGIN_BYTES)


class RedisLoopLayer:
    def __init__(
        self,
        server: RedisServer,
        prefix: str,
        stored: StoredChannels,
        get_capacity: Callable[[str], int],
        *,
        expiry: float,
        group_expiry: float,
    ) -> None:
        self.on_restored: list[Callable[[], None]] = []
        self.on_events: Callable[[str, bytes], None] | None = None
        self.local = LocalChannels(get_capacity)
        self.process = uuid4()
        self._connection = RedisConnection(server, self)
        self._stored = stored
        self._prefix = prefix
        self._expiry = expiry
        self._group_expiry = group_expiry
        self._events_head = EVENTS + self.process.bytes
        self._events_at = events_channel(prefix, "").encode()
        self._channel_at = stored.channel_key("").encode()
        self._group_at = stored.group_key("").encode()
        self._tasks: set[asyncio.Task[None]] = set()

    # The events of the hub

    async def connect(self) -> None:
        """Listen to a channel of this process alone, to be connected from the start, and to know whether it is."""
        await self._connection.subscribe(f"{self._prefix}__process__{self.process.hex}")

    async def listen(self, group: str) -> None:
        """From the return on, `on_events(group, packed)` is called with what other processes publish to the group."""
        await self._connection.subscribe(events_channel(self._prefix, group))

    async def unlisten(self, group: str) -> None:
        await self._connection.unsubscribe(events_channel(self._prefix, group))

    def publish_events(self, group: str, packed: bytes) -> None:
        """To the other processes that listen to the group. Returns at once; it leaves with the next pipeline."""
        self._connection.publish_soon(events_channel(self._prefix, group), self._events_head + packed)

    async def published(self) -> None:
        """Wait until what was handed over so far has been sent, or lost."""
        await self._connection.published()

    @property
    def lost_since(self) -> float:
        """From this time of the wall clock on (or a little later) events may have been lost, the last time that any
        were."""
        return self._connection.lost_at - SILENCE_SECONDS - PING_SECONDS

    @property
    def waiting(self) -> int:
        """How many publishes wait for their pipeline."""
        return self._connection.waiting

    @property
    def is_up(self) -> bool:
        return self._connection.is_up

    # Channels

    async def open(self, channel: str) -> Mailbox:
        """Return the channel's mailbox once it gets what is sent from now on."""
        mailbox = self.local.open(channel)
        self._close_unused(channel, mailbox, after=self._group_expiry)
        await self._connection.subscribe(self._stored.channel_key(channel))
        return mailbox

    async def receive(self, channel: str) -> bytes:
        """Return the next message. If this is cancelled, the channel ends unless somebody receives from it again."""
        mailbox = self.local.mailboxes.get(channel)
        if mailbox is None:
            mailbox = await self.open(channel)
            mailbox.put_notice(STORED_MESSAGES)  # from before this process received from the channel
        mailbox.receiving += 1
        mailbox.received += 1
        try:
            return await self._next(channel, mailbox)
        except asyncio.CancelledError:
            self._close_unused(channel, mailbox, after=self._expiry)
            raise
        finally:
            mailbox.receiving -= 1

    async def _next(self, channel: str, mailbox: Mailbox) -> bytes:
        while True:
            item = await mailbox.get()
            if isinstance(item, str):
                message = await asyncio.to_thread(self._stored.pop, channel)
                if message is not None and item == STORED_MESSAGES:
                    mailbox.put_back(item)  # there may be more
            else:
                expires_at, message = item
                message = message if time.monotonic() < expires_at else None
            if message is not None:
                return message

    async def join(self, group: str, channel: str) -> None:
        """Return once the channel gets what is sent to the group."""
        if channel not in self.local.mailboxes:  # closed meanwhile
            return
        self.local.join(group, channel)
        await self._connection.subscribe(self._stored.group_key(group))

    async def leave(self, group: str, channel: str) -> None:
        if self.local.leave(group, channel):
            await self._connection.unsubscribe(self._stored.group_key(group))

    def _close_unused(self, channel: str, mailbox: Mailbox, *, after: float) -> None:
        """Channels are never closed by their consumers, which only stop to receive."""
        received = mailbox.received

        def close() -> None:
            is_open = self.local.mailboxes.get(channel) is mailbox
            if is_open and not mailbox.receiving and mailbox.received == received:
                self._spawn(self._close(channel))

        asyncio.get_running_loop().call_later(after, close)

    async def _close(self, channel: str) -> None:
        for group in self.local.close(channel):
            await self._connection.unsubscribe(self._stored.group_key(group))
        await self._connection.unsubscribe(self._stored.channel_key(channel))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What the connection tells

    def take(self, channel: bytes, data: bytes) -> None:
        try:
            if data.startswith(EVENTS):
                self._take_events(channel, data)
            elif channel.startswith(self._group_at):
                group = channel.removeprefix(self._group_at).decode()
                self.local.deliver(group, data[len(MESSAGE) :], expires_at=time.monotonic() + self._expiry)
            else:
                self._take_notice(channel.removeprefix(self._channel_at).decode(), data)
        except Exception:
            logger.exception("what another process has published could not be delivered")

    def _take_events(self, channel: bytes, data: bytes) -> None:
        """Redis sends a process its own publishes too, which it has delivered already."""
        if self.on_events is not None and not data.startswith(self._events_head):
            self.on_events(channel.removeprefix(self._events_at).decode(), data[len(self._events_head) :])

    def _take_notice(self, channel: str, data: bytes) -> None:
        mailbox, kind, group = self.local.mailboxes.get(channel), data[:1], data[1:].decode()
        if mailbox is None:
            return
        if kind == STORED:
            mailbox.put_notice(STORED_MESSAGE)
        elif kind == JOIN:
            self._spawn(self.join(group, channel))
        elif kind == LEAVE:
            self._spawn(self.leave(group, channel))

    def announce_restored(self) -> None:
        for mailbox in self.local.mailboxes.values():
            mailbox.put_notice(STORED_MESSAGES)
        for callback in self.on_restored:
            callback()

    async def close(self) -> None:
        """Forget all channels and hang up. The layer may be used again."""
        self.local.mailboxes.clear()
        self.local.groups.clear()
        await self._connection.close()


def events_channel(prefix: str, group: str) -> str:
    return f"{prefix}__group__{group}"
