"""One subscription per process and group, and a local fan-out of frames that were encoded once.

The hub delivers to this process's own sockets first, without a round trip, and publishes for the other processes; what
comes back of its own is dropped by the layer. So sockets of one process keep talking while Redis is
away, and a message to 500 sockets here costs one publish.

Runs in one event loop; only `publish_threadsafe` may be called from elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from channels.layers import get_channel_layer
from django.conf import settings

from chatsite.realtime.events import Event, pack, unpack
from chatsite.realtime.ordering import RevisionOrder
from chatsite.realtime.redis.layer import RedisLayer, RedisLoopLayer

Addressed = tuple[str, Event]  # a group and what it gets


class Subscriber(Protocol):
    user_id: str

    def deliver(self, event: Event) -> None: ...


class LocalGroup:
    """This process's sockets in one group, and the order of the group's events, where they have one."""

    __slots__ = ("_order", "joining", "subscribers")

    def __init__(self) -> None:
        self.subscribers: list[Subscriber] = []  # mostly one; a table would be thrice as large
        self.joining: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._order: RevisionOrder | None = None

    def take(self, event: Event) -> None:
        if event.rev == 0:
            self._fan_out(event)
        else:
            self.order.add(event)

    @property
    def order(self) -> RevisionOrder:
        if self._order is None:
            self._order = RevisionOrder(self._fan_out, settings.CHAT.order_wait)
        return self._order

    def has_joined(self) -> None:
        assert self.joining is not None
        self.joining.set_result(None)
        self.joining = None

    def close(self) -> None:
        if self._order is not None:
            self._order.close()

    def _fan_out(self, event: Event) -> None:
        for subscriber in list(self.subscribers):
            if event.exclude_user is None or subscriber.user_id != event.exclude_user:
                subscriber.deliver(event)


class Hub:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.groups: dict[str, LocalGroup] = {}
        self.watchers: list[
            Callable[[str, Event], None]
        ] = []  # see every event that arrives, before its order
        layer = get_channel_layer()
        self._layer = layer.loop_layer() if isinstance(layer, RedisLayer) else None
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        if self._layer is not None:
            self._layer.on_events = self._take_from_layer
            await self._layer.connect()

    async def stop(self) -> None:
        if self._layer is not None:
            self._layer.on_events = None

    async def flush(self) -> None:
        """Wait until what has been published so far is on its way to the other processes, or lost."""
        if self._layer is not None:
            await self._layer.published()

    @property
    def is_connected(self) -> bool:
        """Whether other processes can be reached; always true where there are none."""
        return self._layer is None or self._layer.is_up

    @property
    def lost_since(self) -> datetime:
        """The time from which on events may have been lost; for `on_restored`."""
        return datetime.fromtimestamp(self._layer.lost_since if self._layer is not None else 0, UTC)

    @property
    def publishes_waiting(self) -> int:
        return 0 if self._layer is None else self._layer.waiting

    def on_restored(self, callback: Callable[[], None]) -> None:
        """Call back after events may have been lost between the processes and the layer works again."""
        if self._layer is not None:
            self._layer.on_restored.append(callback)

    # Groups

    async def subscribe(self, group: str, subscriber: Subscriber) -> None:
        """From the return on, the subscriber gets every event that is published to the group."""
        local = self.groups.get(group)
        if local is not None:
            if subscriber not in local.subscribers:
                local.subscribers.append(subscriber)
            if local.joining is not None:
                await asyncio.shield(local.joining)
            return
        local = self.groups[group] = LocalGroup()
        local.subscribers.append(subscriber)
        try:
            if self._layer is not None:
                await self._layer.listen(group)
        finally:
            local.has_joined()

    def unsubscribe(self, group: str, subscriber: Subscriber) -> None:
        local = self.groups.get(group)
        if local is None:
            return
        if subscriber in local.subscribers:
            local.subscribers.remove(subscriber)
        if not local.subscribers:
            local.close()
            del self.groups[group]
            if self._layer is not None:
                task = self.loop.create_task(self._leave_layer(self._layer, group))
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

    async def _leave_layer(self, layer: RedisLoopLayer, group: str) -> None:
        # Somebody may have come between the last one's leaving and this task's turn (a page that reloads), and would
        # be deaf to the other processes. From here on the layer keeps the order of what it tells Redis.
        if group not in self.groups:
            await layer.unlisten(group)

    def start_after(self, group: str, rev: int) -> None:
        """What the database says of the group's place, so that the first events are put in order too."""
        if group in self.groups:
            self.groups[group].order.start_after(rev)

    # Events

    def publish(self, addressed: Iterable[Addressed]) -> None:
        """Deliver here at once, and send each group's events to the other processes in one publish."""
        by_group: dict[str, list[Event]] = {}
        for group, event in addressed:
            by_group.setdefault(group, []).append(event)
        for group, events in by_group.items():
            self._deliver(group, events)
            if self._layer is not None:
                self._layer.publish_events(group, pack(events))

    def publish_threadsafe(self, addressed: Iterable[Addressed]) -> None:
        self.loop.call_soon_threadsafe(self.publish, list(addressed))

    def deliver_here(self, group: str, event: Event) -> None:
        """To this process's sockets alone."""
        self._deliver(group, [event])

    def _deliver(self, group: str, events: list[Event]) -> None:
        local = self.groups.get(group)
        if local is None:
            return
        for event in events:
            for watcher in self.watchers:
                watcher(group, event)
            local.take(event)

    def _take_from_layer(self, group: str, packed: bytes) -> None:
        self._deliver(group, unpack(packed))
