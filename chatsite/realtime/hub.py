"""The hub of a process: one subscription for each group, and delivery to all of the group's sockets.

The hub first delivers to the sockets of its own process, and then publishes for the other processes. The event bus
drops the hub's own events when they come back. So sockets of one process do not need Redis, and a message to 500
sockets of a process costs one publish.

The hub belongs to one event loop. Only `publish_threadsafe` may be called from other threads.
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
from chatsite.realtime.redis.event_bus import RedisEventBus
from chatsite.realtime.redis.layer import RedisLayer

Addressed = tuple[str, Event]  # the name of a group, and an event for it


class Subscriber(Protocol):
    user_id: str

    def deliver(self, event: Event) -> None: ...


class LocalGroup:
    """The sockets of this process in one group, and the order of the group's events."""

    __slots__ = ("_order", "joining", "subscribers")

    def __init__(self) -> None:
        self.subscribers: list[Subscriber] = []  # usually one; a set would take three times the memory
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
            if event.exclude_user is None or event.is_for(subscriber.user_id):
                subscriber.deliver(event)


class Hub:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.groups: dict[str, LocalGroup] = {}
        # Called with every event that arrives, before the events are put in order.
        self.watchers: list[Callable[[str, Event], None]] = []
        layer = get_channel_layer()
        self._bus = layer.event_bus() if isinstance(layer, RedisLayer) else None
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        if self._bus is not None:
            self._bus.on_events = self._take_from_bus
            await self._bus.connect()

    async def stop(self) -> None:
        if self._bus is not None:
            self._bus.on_events = None

    async def flush(self) -> None:
        """Wait until the events published so far have been sent to the other processes, or are lost."""
        if self._bus is not None:
            await self._bus.flush()

    @property
    def is_connected(self) -> bool:
        """Whether other processes can be reached. Always true without Redis, because there are none."""
        return self._bus is None or self._bus.is_up

    @property
    def publishes_waiting(self) -> int:
        return 0 if self._bus is None else self._bus.waiting

    def on_restored(self, callback: Callable[[datetime], None]) -> None:
        """Call `callback` with the time since which events may have been lost, once the event bus works again."""
        if self._bus is not None:
            self._bus.on_restored.append(lambda since: callback(datetime.fromtimestamp(since, UTC)))

    # Groups

    async def subscribe(self, group: str, subscriber: Subscriber) -> None:
        """Subscribe to the group. When this returns, the subscriber gets every event published from now on."""
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
            if self._bus is not None:
                await self._bus.listen(group)
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
            if self._bus is not None:
                task = self.loop.create_task(self._unlisten(self._bus, group))
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

    async def _unlisten(self, bus: RedisEventBus, group: str) -> None:
        # A page that reloads may have subscribed again before this task runs. It must keep the subscription. After
        # this check the bus sends its commands to Redis in order.
        if group not in self.groups:
            await bus.unlisten(group)

    def start_after(self, group: str, rev: int) -> None:
        """Tell the group its current `rev`, so that its first events are put in order too."""
        if group in self.groups:
            self.groups[group].order.start_after(rev)

    # Events

    def publish(self, addressed: Iterable[Addressed]) -> None:
        """Deliver to this process's sockets now, and send each group's events to other processes in one publish."""
        by_group: dict[str, list[Event]] = {}
        for group, event in addressed:
            by_group.setdefault(group, []).append(event)
        for group, events in by_group.items():
            self._deliver(group, events)
            if self._bus is not None:
                self._bus.publish(group, pack(events))

    def publish_threadsafe(self, addressed: Iterable[Addressed]) -> None:
        self.loop.call_soon_threadsafe(self.publish, list(addressed))

    def deliver_here(self, group: str, event: Event) -> None:
        """Deliver to the sockets of this process only."""
        self._deliver(group, [event])

    def _deliver(self, group: str, events: list[Event]) -> None:
        local = self.groups.get(group)
        if local is None:
            return
        for event in events:
            for watcher in self.watchers:
                watcher(group, event)
            local.take(event)

    def _take_from_bus(self, group: str, packed: bytes) -> None:
        self._deliver(group, unpack(packed))
