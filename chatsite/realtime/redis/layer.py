"""The Redis channel layer, by the specification of Channels.

A message to a channel waits in Redis for a process that receives from the channel. A message to a group goes to the
processes that have a channel in it. See `stored_channels.py` and `loop_layer.py`.

The members of a group are kept by the process that owns them, and end with it. Only a channel that no process owns (its
name has no "!") is a member in Redis, for `group_expiry` seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import uuid4

import msgspec
from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer

from chatsite.realtime.redis.loop_layer import (
    EVENTS,
    JOIN,
    LEAVE,
    MESSAGE,
    NO_ORIGIN,
    STORED,
    RedisLoopLayer,
    events_channel,
)
from chatsite.realtime.redis.server import read_hosts
from chatsite.realtime.redis.stored_channels import StoredChannels

_encode: Final = msgspec.msgpack.encode
_decode: Final = msgspec.msgpack.decode


class RedisLayer(BaseChannelLayer):  # type: ignore[misc]
    """The `CHANNEL_LAYERS` backend. `CONFIG` has `hosts` (one Redis) and the options of Channels' own layers."""

    extensions: ClassVar = ["groups", "flush"]

    def __init__(
        self,
        hosts: Sequence[Any] | None = None,
        prefix: str = "asgi",
        expiry: float = 60,
        group_expiry: float = 86_400,
        capacity: int = 100,
        channel_capacity: Mapping[Any, int] | None = None,
    ) -> None:
        compiled = self.compile_capacities(channel_capacity or {})
        super().__init__(expiry=expiry, capacity=capacity, channel_capacity=compiled)
        self.group_expiry = group_expiry
        self.prefix = prefix
        self.server = read_hosts(hosts)
        self._stored = StoredChannels(self.server, prefix)
        self._layers: dict[asyncio.AbstractEventLoop, RedisLoopLayer] = {}

    # Channels

    async def new_channel(self, prefix: str = "specific") -> str:
        here = self.loop_layer()
        channel = f"{prefix.rstrip('.')}.{here.process.hex[:12]}!{uuid4().hex}"
        self.require_valid_channel_name(channel)
        await here.open(channel)
        return channel

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Store the message for one receiver. Raise `ChannelFull`, or redis-py's error if Redis cannot be reached."""
        self.require_valid_channel_name(channel)
        if not await asyncio.to_thread(self._push, channel, self._packed(message)):
            raise ChannelFull

    async def receive(self, channel: str) -> dict[str, Any]:
        self.require_valid_channel_name(channel)
        message: dict[str, Any] = _decode(await self.loop_layer().receive(channel))
        return message

    def _push(self, channel: str, packed: bytes) -> bool:
        capacity = self.get_capacity(channel)
        return self._stored.push(channel, packed, capacity=capacity, expiry=self.expiry, notice=STORED)

    @staticmethod
    def _packed(message: object) -> bytes:
        if not isinstance(message, dict):
            raise TypeError("The message must be a dict.")
        return _encode(message)

    # Groups

    async def group_add(self, group: str, channel: str) -> None:
        """Return once the channel gets what is sent to the group; if another process owns it, a moment before."""
        self.require_valid_group_name(group)
        self.require_valid_channel_name(channel)
        if self._owns(channel):
            await self.loop_layer().join(group, channel)
        elif "!" in channel:
            await self._tell_owner(channel, JOIN, group)
        else:
            await asyncio.to_thread(self._stored.add_member, group, channel, expiry=self.group_expiry)

    async def group_discard(self, group: str, channel: str) -> None:
        self.require_valid_group_name(group)
        self.require_valid_channel_name(channel)
        if self._owns(channel):
            await self.loop_layer().leave(group, channel)
        elif "!" in channel:
            await self._tell_owner(channel, LEAVE, group)
        else:
            await asyncio.to_thread(self._stored.remove_member, group, channel)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to every channel in the group that has room."""
        self.require_valid_group_name(group)
        await asyncio.to_thread(self._send_to_group, group, self._packed(message))

    def _send_to_group(self, group: str, packed: bytes) -> None:
        for channel in self._stored.publish_to_group(group, MESSAGE + packed):
            self._push(channel, packed)

    async def _tell_owner(self, channel: str, kind: bytes, group: str) -> None:
        await asyncio.to_thread(
            self._stored.publish, self._stored.channel_key(channel), kind + group.encode()
        )

    def _owns(self, channel: str) -> bool:
        here = self._layers.get(asyncio.get_running_loop())
        return "!" in channel and here is not None and channel in here.local.mailboxes

    # Everything

    async def flush(self) -> None:
        """Delete all messages and groups, also those of other processes, and hang up."""
        here = self._layers.get(asyncio.get_running_loop())
        if here is not None:
            await here.close()
        await asyncio.to_thread(self._stored.clear)

    def loop_layer(self) -> RedisLoopLayer:
        """The running loop's layer."""
        loop = asyncio.get_running_loop()
        layer = self._layers.get(loop)
        if layer is None:
            # A loop cancels its tasks before it closes, which has closed the connection.
            self._layers = {known: its for known, its in self._layers.items() if not known.is_closed()}
            expiry, group_expiry = self.expiry, self.group_expiry
            layer = self._layers[loop] = RedisLoopLayer(
                self.server,
                self.prefix,
                self._stored,
                self.get_capacity,
                expiry=expiry,
                group_expiry=group_expiry,
            )
        return layer

    def packed_publish(self, group: str, packed: bytes) -> tuple[str, bytes]:
        """Channel and data of a publish of events, for a process without an event loop."""
        return events_channel(self.prefix, group), EVENTS + NO_ORIGIN + packed
