"""The part of Redis's protocol that a proxy between a server and Redis needs: the end of a reply, and what is an
event.
"""

from __future__ import annotations

from typing import Final

HEAD_ONLY: Final = b"+-:_#,("
TEXTS: Final = b"$=!"
LISTS: Final = {b"*": 1, b">": 1, b"~": 1, b"%": 2}  # elements for each counted one


def end_of_reply(data: bytes, start: int = 0) -> int | None:
    """Return the end of the reply that begins at `start`, or None if it is incomplete."""
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
    """Return whether it is a message of a channel instead of an answer."""
    return b"$7\r\nmessage\r\n" in reply[:24]
