"""Measure a history page and a list of conversations with different numbers of stored messages.

The page is compared with a plain view of Django REST framework on the same rows, in the same server.
"""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.services import Services
from bench.stack import Stack

REQUESTS: Final = 300
PER_CONVERSATION: Final = 1_000

# One business with a member who sees all of its conversations. Triggers are off. Ids grow with time, as those of the
# application do.
FILL: Final = """
SET session_replication_role = replica;
INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active, date_joined)
  SELECT 'stored-' || i, '!', 'Alex', 'Number ' || i, '', false, false, true, now()
  FROM generate_series(1, {conversations}) i;
INSERT INTO conversations_conversation (id, business_id, customer_id, last_seq, rev, last_message, last_message_at,
    active_at, customer_unread, business_unread, customer_archived, business_archived, created_at, updated_at)
  SELECT lpad(to_hex(u.id), 32, '0')::uuid, b.id, u.id, {each}, {each}, 'The last message', now(),
    now() - u.id * interval '1 second', 0, 0, false, false, now(), now()
  FROM auth_user u, conversations_business b WHERE u.username LIKE 'stored-%' AND b.slug = 'room';
INSERT INTO conversations_chatmessage (id, conversation_id, seq, rev, sender_id, sender_side, client_id, content,
    message_type, status, delivered_at, read_at, created_at)
  SELECT lpad(to_hex(row_number() OVER ()), 32, '0')::uuid, c.id, s, s, c.customer_id, 'customer', 'c-' || s,
    'Is the blue touring bike in size M still available? I could come by on Thursday. ' || s,
    'text', 'read', now(), now(), now()
  FROM generate_series(1, {each}) s, conversations_conversation c WHERE c.last_seq > 0;
SET session_replication_role = origin;
"""

PAGE: Final = """
SELECT id, conversation_id, seq, rev, sender_id, sender_side, client_id, content, message_type, status, delivered_at,
  read_at, edited_at, deleted_at, hidden_at, reply_to_id, created_at
FROM conversations_chatmessage WHERE conversation_id = %s ORDER BY seq DESC LIMIT 51
"""


def measure(services: Services, sizes: list[int]) -> dict[str, Any]:
    """Return milliseconds by the number of messages: history pages, a plain view, bare SQL, the conversations."""
    figures = {}
    for size in sizes:
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            Stack("uvicorn", services, Path(folder)) as stack,
        ):
            figures[str(size)] = _measure_one(stack, size)
    return figures


def _measure_one(stack: Stack, size: int) -> dict[str, Any]:
    conversations = max(10, size // PER_CONVERSATION)
    member = stack.people(room=2)["room"]["tokens"][1]
    with psycopg.connect(stack.database, autocommit=True) as database:
        began = time.monotonic()
        database.execute(FILL.format(conversations=conversations, each=size // conversations))
        database.execute("VACUUM ANALYZE")
        filled = time.monotonic() - began
        keys = [
            row[0]
            for row in database.execute(
                "SELECT id FROM conversations_conversation WHERE last_seq > 0 ORDER BY md5(id::text) LIMIT %s",
                [REQUESTS],
            ).fetchall()
        ]
        keys = (keys * REQUESTS)[:REQUESTS]
        with KeptAlive(stack.ports[0], member) as http:
            middle = size // conversations // 2
            bare, plain, page, older = _times(
                keys,
                lambda key: database.execute(PAGE, [key]).fetchall(),
                lambda key: http.get(f"/bench/messages/{key}"),
                lambda key: http.get(f"/chat/conversations/{key}/messages"),
                lambda key: http.get(f"/chat/conversations/{key}/messages?before={middle}"),
            )
            [listed] = _times(keys, lambda key: http.get("/chat/conversations?limit=20"))
    return {
        "bare_sql": bare,
        "plain_view": plain,
        "page": page,
        "older_page": older,
        "list": listed,
        "filled_in": round(filled, 1),
    }


def _times(keys: list[Any], *calls: Callable[[Any], object]) -> list[dict[str, float]]:
    """Return p50 and p99 of each call in milliseconds, without the first tenth, which warms up.

    The calls alternate, so that other load on the machine affects all of them.
    """
    taken: list[list[float]] = [[] for _ in calls]
    for key in keys:
        for call, times in zip(calls, taken, strict=True):
            began = time.perf_counter()
            call(key)
            times.append((time.perf_counter() - began) * 1000)
    return [_summary(times[len(times) // 10 :]) for times in taken]


def _summary(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"p50": round(ordered[len(ordered) // 2], 3), "p99": round(ordered[int(len(ordered) * 0.99)], 3)}


class KeptAlive:
    """One HTTP connection that does as little as possible."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\r\n"
        )

    def __enter__(self) -> KeptAlive:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, path: str) -> bytes:
        self._socket.sendall(f"GET {path} HTTP/1.1\r\n{self._head}".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(1 << 20)
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ValueError(head.decode("latin-1"))
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(1 << 20)
        return body
