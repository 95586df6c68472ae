"""Misbehaving peers: they send what cannot be decoded, or fall silent without closing."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Final

import psutil
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.attack.sockets import TRANSPORTS, Refused, Wire
from tests.harness.patience import patience
from tests.harness.servers import Server

# Ping interval and timeout of the slowest: daphne.
SILENCE: Final = 60.0  # seconds after which a server has dropped a peer that answers no ping

UNDECODABLE: Final = (
    '{"content":"cut \\ud83d"}',
    "[" * 30_000,
    '{"conversationId":7,"content":[]}',
    '{"content":NaN}',
    '{"content":"no end',
)
GOING: Final = frozenset(
    {None, 1000, 1001, 1006, 1011, 1012, 1013, 4008}
)  # of a server that is being stopped
# The process is down, or goes down meanwhile.
UNREACHABLE: Final = (OSError, EOFError, TimeoutError, WebSocketException)


class PromiseBroken(Exception):
    """What such a peer observed."""


async def send_undecodable(server: Server, access: str, chance: random.Random) -> None:
    """Send frames that cannot be decoded. Each is answered with its ref, and the socket stays open."""
    try:
        async with await Wire.open(chance.choice(TRANSPORTS), server, access) as wire:
            for data in UNDECODABLE:
                await _expect_error(wire, wire.framed('"send_message"', data, ref := wire.new_ref()), ref)
            await wire.lives()
    except ConnectionClosed as closed:
        if closed.rcvd is not None and closed.rcvd.code not in GOING:
            raise PromiseBroken(f"an undecodable frame closed the socket: {closed}") from closed
    except Refused as refusal:
        if refusal.code != "unavailable":
            raise
    except UNREACHABLE:
        return


async def _expect_error(wire: Wire, text: str, ref: int) -> None:
    await wire.send_text(text)
    async with asyncio.timeout(patience(20)):
        while True:
            found = _answer(wire, str(await wire.socket.recv()), ref)
            if found == "invalid":
                return
            if found:
                raise PromiseBroken(f"{text[:60]} was answered with {found}")


def _answer(wire: Wire, text: str, ref: int) -> str:
    """Return the error code of the answer to this ref, or "" if the text is something else."""
    if wire.transport == "native":
        frame = json.loads(text)
        return str(frame["data"].get("code", "no error")) if frame.get("ref") == ref else ""
    head = f"43/chat,{ref}"
    return str(json.loads(text[len(head) :])[0]["error"]["code"]) if text.startswith(head) else ""


async def fall_silent(server: Server, access: str, chance: random.Random) -> None:
    """Sign in, and then read and answer nothing. The server closes the socket."""
    try:
        wire = await Wire.open(chance.choice(TRANSPORTS), server, access)
    except (*UNREACHABLE, Refused):
        return
    wire.socket.transport.pause_reading()
    port = wire.socket.local_address[1]
    deadline = time.monotonic() + patience(SILENCE)
    try:
        while await asyncio.to_thread(_is_connected, server, port):
            if time.monotonic() > deadline:
                raise PromiseBroken(f"a silent {wire.transport} peer of {server.kind} is still connected")
            await asyncio.sleep(1)
    finally:
        wire.socket.transport.abort()


def _is_connected(server: Server, port: int) -> bool:
    pid = server.pid_or_none
    try:
        connections = psutil.Process(pid).net_connections("tcp") if pid is not None else []
    except psutil.Error:
        return False  # it has just ended
    return any(one.raddr and one.raddr.port == port and one.status == "ESTABLISHED" for one in connections)
