"""The channels that one event loop receives from, and the groups that they are in."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

# Notices, which a mailbox holds in the place of a message that waits in Redis, and of any number of them.
STORED_MESSAGE = "stored message"
STORED_MESSAGES = "stored messages"

Item = tuple[float, bytes] | str  # a message behind the time at which it expires, or a notice


class Mailbox:
    """What waits for the receivers of one channel."""

    def __init__(self, capacity: int) -> None:
        self.receiving = 0  # coroutines that wait for a message
        self.received = 0  # calls of `receive` so far
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._notices = 0
        self._filled = asyncio.Event()

    def put(self, expires_at: float, message: bytes) -> None:
        """Add the message, or drop it if the mailbox is full."""
        if len(self._items) - self._notices < self._capacity:
            self._items.append((expires_at, message))
            self._filled.set()

    def put_notice(self, notice: str) -> None:
        # Redis stores no more messages than the capacity, so as many notices are enough for all of them.
        if self._notices < self._capacity:
            self._items.append(notice)
            self._notices += 1
            self._filled.set()

    def put_back(self, notice: str) -> None:
        self._items.appendleft(notice)
        self._notices += 1

    async def get(self) -> Item:
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        item = self._items.popleft()
        self._notices -= isinstance(item, str)
        return item


class LocalChannels:
    """Mailboxes by channel, and channels by group."""

    def __init__(self, get_capacity: Callable[[str], int]) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self.groups: dict[str, set[str]] = {}
        self._get_capacity = get_capacity

    def open(self, channel: str) -> Mailbox:
        mailbox = self.mailboxes[channel] = Mailbox(self._get_capacity(channel))
        return mailbox

    def close(self, channel: str) -> list[str]:
        """Return the groups that have lost their last channel."""
        del self.mailboxes[channel]
        return [group for group in list(self.groups) if self.leave(group, channel)]

    def join(self, group: str, channel: str) -> None:
        self.groups.setdefault(group, set()).add(channel)

    def leave(self, group: str, channel: str) -> bool:
        """Return whether the group has lost its last channel."""
        if channel not in self.groups.get(group, ()):
            return False
        self.groups[group].discard(channel)
        if self.groups[group]:
            return False
        del self.groups[group]
        return True

    def deliver(self, group: str, message: bytes, *, expires_at: float) -> None:
        for channel in self.groups.get(group, ()):
            self.mailboxes[channel].put(expires_at, message)
