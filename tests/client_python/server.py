"""A scripted server, for failures that a real one cannot be made to have."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.harness.rest import Json

ROOM = "00000000-0000-0000-0000-000000000001"
NOW = "2026-11-23T14:00:00Z"
Command = Callable[[ServerConnection, Json], Json | None]


async def _nothing() -> None:
    pass


class ScriptedServer:
    """One conversation in memory.

    A test may replace `commands` to answer otherwise, or with None to answer nothing. `push` sends to all sockets
    what a test chooses.
    """

    def __init__(self) -> None:
        self.messages: list[Json] = []
        self.changes: dict[int, Json] = {}  # rev → the event's name and data
        self.rev = 0
        self.rewritten = 0  # the rev at which messages were removed
        self.received: list[tuple[str, Json]] = []
        self.sockets: list[ServerConnection] = []
        self.is_mute = False
        self.while_page_is_under_way: Callable[[], Awaitable[None]] = _nothing
        self.commands: dict[str, Command] = {
            "join_conversation": self.join,
            "leave_conversation": lambda socket, data: data,
            "heartbeat": lambda socket, data: {"conversations": {ROOM: self.head()}, "serverTime": NOW},
            "sync": self.sync,
            "send_message": self.send,
        }

    @property
    def url(self) -> str:
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"http://127.0.0.1:{port}"

    async def __aenter__(self) -> Self:
        self._server: Server = await serve(self._serve, "127.0.0.1", 0, process_request=self._rest)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._server.close()
        await self._server.wait_closed()

    # What happens in the conversation

    def add(self, content: str, client_id: str | None = None) -> int:
        """Add a message. It takes the next `rev`."""
        self.rev += 1
        seq = len(self.messages) + 1
        message = {
            # The number of a removed message is used again, for another message.
            "id": f"m{seq}" + (f"-{self.rewritten}" if self.rewritten else ""),
            "conversationId": ROOM,
            "seq": seq,
            "rev": self.rev,
            "senderId": "1",
            "senderSide": "customer",
            "clientId": client_id,
            "content": content,
            "messageType": "text",
            "status": "sent",
            "deliveredAt": None,
            "readAt": None,
            "editedAt": None,
            "deletedAt": None,
            "replyTo": None,
            "createdAt": NOW,
        }
        self.messages.append(message)
        self._changed("new_message", {"message": dict(message)})
        return self.rev

    def edit(self, seq: int, content: str) -> int:
        self.rev += 1
        self.messages[seq - 1].update(content=content, editedAt=NOW, rev=self.rev)
        self._changed("message_edited", {"message": dict(self.messages[seq - 1])})
        return self.rev

    def read(self, *seqs: int) -> int:
        self.rev += 1
        for seq in seqs:
            self.messages[seq - 1].update(status="read", deliveredAt=NOW, readAt=NOW, rev=self.rev)
        ids = [self.messages[seq - 1]["id"] for seq in seqs]
        self._changed("messages_read", {"messageIds": ids, "readBy": "2", "readAt": NOW})
        return self.rev

    def rewind(self, kept: int) -> None:
        """Remove all messages after the first `kept` for good, as an undone import does."""
        del self.messages[kept:]
        self.rev += 1
        self.rewritten = self.rev

    def _changed(self, event: str, data: Json) -> None:
        full = {"conversationId": ROOM, "rev": self.rev, **data}
        self.changes[self.rev] = {"event": event, "data": full}

    async def push(self, *revs: int) -> None:
        """Push the events of these revs to everybody, in this order."""
        for rev in revs:
            await self.tell(self.changes[rev])

    async def push_head(self) -> None:
        data = {"conversationId": ROOM, "rev": self.rev, "conversation": self.conversation()}
        await self.tell({"event": "conversation_updated", "data": data})

    async def tell(self, frame: Json) -> None:
        for socket in list(self.sockets):
            await socket.send(json.dumps(frame))

    def cut(self) -> None:
        """Reset all connections."""
        for socket in list(self.sockets):
            socket.transport.abort()

    # What clients ask

    def head(self) -> Json:
        return {"lastSeq": len(self.messages), "rev": self.rev}

    def conversation(self) -> Json:
        return {
            "id": ROOM,
            "businessId": "b",
            "business": {"id": "b", "name": "B", "slug": "b"},
            "customerId": "1",
            "customer": {"id": "1", "username": "carol", "name": "Carol"},
            "lastMessage": self.messages[-1]["content"] if self.messages else "",
            "lastMessageAt": NOW if self.messages else None,
            **self.head(),
            "unreadCount": 0,
            "businessUnreadCount": 0,
            "customerUnreadCount": 0,
            "archived": False,
            "createdAt": NOW,
            "updatedAt": NOW,
        }

    def join(self, socket: ServerConnection, data: Json) -> Json:
        return {"conversationId": ROOM, **self.head()}

    def sync(self, socket: ServerConnection, data: Json) -> Json:
        answer: dict[str, Json] = {}
        for key, rev in data["conversations"].items():
            changed = sorted((m for m in self.messages if m["rev"] > rev), key=lambda m: m["rev"])
            is_lost = rev < self.rewritten or rev > self.rev
            told: Json = {"resync": True} if is_lost else {"messages": changed}
            answer[key] = {"conversation": self.conversation(), **told}
        return {"conversations": answer, "unread": {"total": 0, "conversations": {}}}

    def send(self, socket: ServerConnection, data: Json) -> Json:
        known = [m for m in self.messages if m["clientId"] == data["clientId"]]
        if not known:
            self.add(data["content"], data["clientId"])
            known = self.messages[-1:]
        return {"conversationId": ROOM, "rev": known[0]["rev"], "message": known[0]}

    def names(self) -> list[str]:
        return [event for event, _ in self.received]

    # The wire

    async def _serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        try:
            async for text in socket:
                frame: Json = json.loads(text)
                self.received.append((frame["event"], frame["data"]))
                answer = None if self.is_mute else self.commands[frame["event"]](socket, frame["data"])
                if answer is not None:
                    kind = "error" if "code" in answer else "ack"
                    await socket.send(json.dumps({"event": kind, "ref": frame["ref"], "data": answer}))
        except ConnectionClosed:
            return
        finally:
            self.sockets.remove(socket)

    async def _rest(self, connection: ServerConnection, request: Request) -> Response | None:
        where = urlsplit(request.path)
        if where.path == "/chat":
            return None
        body: Any = self.conversation()
        if where.path.endswith("/messages"):
            body = self._page(parse_qs(where.query))
            await self.while_page_is_under_way()
        content = json.dumps(body).encode()
        headers = Headers({"Content-Length": str(len(content)), "Connection": "close"})
        return Response(HTTPStatus.OK, "OK", headers, content)

    def _page(self, query: dict[str, list[str]]) -> Json:
        before = int(query.get("before", [str(2**62)])[0])
        rows = [message for message in self.messages if message["seq"] < before]
        limit = int(query["limit"][0])
        return {"results": rows[-limit:], "next": "older" if len(rows) > limit else None, "previous": None}


def contents(messages: Iterable[Any]) -> list[str]:
    return [message.content for message in messages]
