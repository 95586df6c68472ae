"""Every limit of the chat, with its unit. Change a limit in `settings.CHAT`.

A request or command over a limit gets an error with a code of `chatsite.errors`. Only limits marked "closes" end a
socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed


@dataclass(frozen=True, kw_only=True)
class Limits:
    # Messages, requests and pages.
    message_length: int = 8_000  # characters of a message's content; `frame_bytes` must hold 4 bytes for each
    preview_length: int = 200  # characters of a conversation's lastMessage
    client_id_length: int = 64  # characters of a message id that the client has chosen
    receipt_ids: int = 500  # message ids in one mark_read or mark_delivered
    sync_conversations: int = 200  # conversations in one sync
    sync_messages: int = 500  # changed messages of one conversation in one sync; with more, `resync: true`
    page_default: int = 50  # rows of a page
    page_most: int = 200
    answer_bytes: int = (
        1024 * 1024
    )  # bytes of one page or sync; the rest is on the next page, or marked `resync`
    unread_conversations: int = 5_000  # conversations in one list of unread counts; with more, `more: true`

    # Attachments.
    attachment_bytes: int = 25 * 1024 * 1024  # bytes of one file
    alt_length: int = 1_000  # characters of the description of a picture
    message_attachments: int = 10  # attachments of one message
    user_attachment_bytes: int = 2 * 1024**3  # bytes of all files of one user
    direct_uploads: int = 40  # of one user in an hour, straight to the storage; more go through the server
    user_attachments: int = 20_000  # files of one user
    business_attachment_bytes: int = 50 * 1024**3  # bytes of all files in the conversations of one business
    business_attachments: int = 1_000_000  # files in the conversations of one business

    # One live socket.
    frame_bytes: int = 64 * 1024  # a larger frame closes with 1009
    # Frames waiting for a slow reader. With more, events are dropped and the client syncs.
    queue_frames: int = 8_000
    queue_bytes: int = 4 * 1024 * 1024
    # A socket that accepts no frame for this long, while frames wait, closes with 4008.
    stall_seconds: float = 20
    frames_per_second: float = 200  # token bucket over all frames of one socket
    frames_burst: int = 4_000
    # Rejected frames, minus frames accepted since. With more, the socket closes with 1008.
    flood_strikes: int = 500
    authenticate_seconds: float = 5  # until the first frame of a socket that connected without credentials
    ping_seconds: float = 25  # between two pings of Socket.IO
    pong_seconds: float = 20  # for the answer to a ping, before the connection closes
    joined_conversations: int = 500  # conversations joined by one socket
    pipelined_sends: int = 256  # sends of one socket in progress; with more, reading its next frame waits

    # One user, over all sockets, requests and processes. Every live command and every change over REST has a cost. A
    # message costs 1; `docs/protocol.md` lists the others.
    user_changes_per_second: float = 100
    user_changes_burst: int = 2_000

    # One request.
    head_seconds: float = 60  # for its head on uvicorn; then the connection closes
    request_bytes: int = 1024 * 1024  # bytes of the body; a larger body gets 413
    upload_seconds: float = 600  # for the body of an upload
    upload_bytes_per_second: float = 8 * 1024 * 1024  # of all uploads of a process together; 0 is no limit

    # A process that shuts down.
    reconnects_per_second: float = 250  # clients are told to reconnect one after the other at this rate

    # Times, in seconds.
    clock_leeway: float = 10  # by which the clock of a token's signer may differ
    typing_seconds: float = 6
    presence_ttl: float = 30  # after a process was killed, its users are offline after this time
    presence_grace: float = 10  # a user without a socket is offline after this time
    revalidate_seconds: float = 2  # between two checks of live sockets against the database
    expiry_warning_seconds: float = 60  # `session_expiring` is sent this long before the access token ends

    # The widget on a business's own site.
    widget_token_seconds: float = 300  # that the `exp` of a host's token may be ahead
    widget_origins: int = 50  # origins of one widget

    # The group-commit writer.
    batch_changes: int = 400  # changes of one transaction
    waiting_changes: int = 20_000  # changes waiting for the writer; with more, sends get `unavailable`
    receipt_delay: float = 0.05  # receipts of delivery wait this long, or five times if more come
    order_wait: float = 0.25  # an event that arrives out of order is held back for at most this long


@cache
def limits() -> Limits:
    """Return `settings.CHAT`, cached, because code for every message reads it."""
    chosen: Limits = settings.CHAT
    return chosen


def _clear_cache(*, setting: str, **_: Any) -> None:
    if setting == "CHAT":  # a test overrides the limits
        limits.cache_clear()


setting_changed.connect(_clear_cache)
