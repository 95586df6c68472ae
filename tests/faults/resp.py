"""As much of Redis's protocol as a line between a server and Redis needs: where a reply ends, what is an event."""

from __future__ import annotations

from typing import Final

HEAD_ONLY: Final = b"+-:_#,("
TEXTS: Final = b"$=!"
LISTS: Final = {b"*": 1, b">": 1, b"~": 1, b"%": 2}  # elements for each counted one


def end_of_reply(data: bytes, start: int = 0) -> int | None:
    """Where the reply that begins at `start` ends; None where it is not all there yet."""
    newline = data.find(b"\r\n", start)
    if newline < 0:
        return None
    kind, place = data[start : start + 1], newline + 2
    if kind in HEAD_ONLY:
        return place
    count = int(data[start + 1 : newline])
    if kind in TEXTS:
        end = place + (count + 2 if count >= 0 else 0)
        return end if end <= len(data) else None
    for _ in range(max(count, 0) * LISTS[kind]):
        end_of_element = end_of_reply(data, place)
        if end_of_element is None:
            return None
        place = end_of_element
    return place


def is_event(reply: bytes) -> bool:
    """Whether it is a message of a channel, rather than an answer."""
    return b"$7\r\nmessage\r\n" in reply[:24]
