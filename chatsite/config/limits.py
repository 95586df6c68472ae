"""Every limit of the chat in one place, with its unit. Change one through `settings.CHAT`.

A limit answers, it does not kill: what goes past it gets an error with a code from `chatsite.errors`. Only the two
marked "closes" end a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed


@dataclass(frozen=True, kw_only=True)
class Limits:
    # What one message or request may hold.
    message_length: int = 8_000  # characters of a message's content
    preview_length: int = 200  # characters of a conversation's lastMessage
    client_id_length: int = 64  # characters of a client's own message id
    receipt_ids: int = 500  # message ids in one mark_read or mark_delivered
    sync_conversations: int = 200  # conversations in one sync
    sync_messages: int = 500  # changed messages answered for one conversation; past it `resync: true`
    page_default: int = 50  # rows of a page
    page_most: int = 200
    answer_bytes: int = 1024 * 1024  # of one page or sync; the rest is on the next page, or marked `resync`
    unread_conversations: int = 5_000  # listed in one answer about unread counts; past it `more: true`

    # One live socket.
    frame_bytes: int = 64 * 1024  # a larger frame closes with 1009
    queue_frames: int = 8_000  # frames waiting for a socket; past it events are dropped, and the client syncs
    queue_bytes: int = 4 * 1024 * 1024
    stall_seconds: float = 20  # closes with 4008: a socket that takes nothing for so long while frames wait
    frames_per_second: float = 200  # token bucket over all frames of one socket
    frames_burst: int = 4_000
    flood_strikes: int = (
        500  # frames refused, less those let through since, before the socket closes with 1008
    )
    authenticate_seconds: float = 5  # for the first frame of a socket that came without credentials
    ping_seconds: float = 25  # between two pings of Socket.IO
    pong_seconds: float = 20  # for the answer to a ping, before the connection closes
    joined_conversations: int = 500  # conversations joined by one socket
    pipelined_sends: int = 256  # sends of one socket under way before the next frame is read

    # One user, over all sockets, requests and processes: every live command and every change by REST, each by its
    # cost. A message costs 1; `docs/protocol.md` has the others.
    user_changes_per_second: float = 100
    user_changes_burst: int = 2_000

    # One request.
    request_bytes: int = 1024 * 1024  # of its body; a larger one gets 413

    # A process that stops.
    reconnects_per_second: float = 250  # its clients are told to come back one after the other at this rate

    # How long things last, in seconds.
    clock_leeway: float = 10  # how far the clock of who signs tokens may be wrong
    typing_seconds: float = 6
    presence_ttl: float = 30  # a process that was killed leaves nobody online for longer than this
    presence_grace: float = 10  # the last socket gone for this long is "offline"
    revalidate_seconds: float = 2  # how often live sockets are held against the database
    expiry_warning_seconds: float = 60  # `session_expiring` comes this long before the access token ends

    # The widget on a business's own site.
    widget_token_seconds: float = 300  # how far ahead the `exp` of a host's token may be
    widget_origins: int = 50  # origins of one widget

    # The group-commit writer.
    batch_changes: int = 400  # changes of one transaction
    waiting_changes: int = 20_000  # changes waiting for the writer; past it sends get `unavailable`
    receipt_delay: float = 0.05  # delivered receipts are gathered this long before they are written
    order_wait: float = 0.25  # an event that overtook another one is held back at most this long


@cache
def limits() -> Limits:
    """`settings.CHAT`, for what runs for every message: Django's settings take a microsecond to ask."""
    chosen: Limits = settings.CHAT
    return chosen


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "CHAT":  # a test has other limits
        limits.cache_clear()


setting_changed.connect(_forget)
