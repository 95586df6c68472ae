"""The three transports behind one interface, so that one test runs over each of them.

The interface is the harness's `LiveClient`. Its native connection is replaced by one that speaks Socket.IO or REST.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Literal, cast
from urllib.parse import quote

import httpx

from tests.harness.backend import Deployment
from tests.harness.cast import Person
from tests.harness.client import LiveClient
from tests.harness.patience import patience
from tests.harness.rest import ApiError, Json, RestClient
from tests.parity.node import NodeBridge

TransportName = Literal["native", "socketio", "rest"]


class Refused(Exception):
    """The server refused the Socket.IO client. `data` has the error shape."""

    def __init__(self, message: str, data: Json | None) -> None:
        super().__init__(message)
        self.data = data or {}


class Connection:
    """What `LiveClient` needs from a connection. `_tell` and `_finish` feed it."""

    def __init__(self) -> None:
        self.close_code: int | None = None
        self.close_reason = ""
        self._frames: asyncio.Queue[str | None] = asyncio.Queue()

    def _tell(self, frame: Json) -> None:
        self._frames.put_nowait(json.dumps(frame))

    def _finish(self) -> None:
        self._frames.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[str]:
        while (frame := await self._frames.get()) is not None:
            yield frame

    @property
    def transport(self) -> Connection:
        return self


class SocketioConnection(Connection):
    def __init__(self, bridge: NodeBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._name = bridge.new_socket(self._take)
        self._up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, urls: Sequence[str], token: Any) -> None:
        self._bridge.do("open", self._name, urls=list(urls), token=token, stay=False)
        await asyncio.wait_for(self._up, patience(20))

    async def send(self, text: str) -> None:
        frame = json.loads(text)
        more = {"ref": frame["ref"]} if "ref" in frame else {}
        self._bridge.do("emit", self._name, event=frame["event"], data=frame["data"], **more)

    def send_packet(self, packet: str) -> None:
        """Send the text of one Engine.IO message as it is."""
        self._bridge.do("raw", self._name, packet=packet)

    async def close(self) -> None:
        self._bridge.do("close", self._name)
        self._finish()

    def abort(self) -> None:
        self._bridge.do("abort", self._name)

    def _take(self, told: Json) -> None:
        kind = told["is"]
        if kind == "up":
            self._up.set_result(None)
        elif kind == "refused":
            self._up.set_exception(Refused(told["message"], told.get("data")))
        elif kind == "down":
            self.close_code, self.close_reason = told.get("code"), told["reason"]
            self._finish()
        elif kind == "push":
            self._tell({"event": told["event"], "data": told["data"]})
        else:
            self._tell(_answer(told["ref"], told["data"]))


def _answer(ref: Any, data: Json) -> Json:
    """Return an ack as the native frame with the same content."""
    if data.keys() == {"error"}:
        return {"event": "error", "ref": ref, "data": data["error"]}
    return {"event": "ack", "ref": ref, "data": data}


class RestConnection(Connection):
    """Sends commands as requests, one after the other. Nothing is pushed."""

    def __init__(self, rest: RestClient) -> None:
        super().__init__()
        self._rest = rest
        self._turn = asyncio.Lock()
        self._commands: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "join_conversation": self._join,
            "send_message": self._send,
            "mark_read": self._read,
            "edit_message": self._edit,
            "delete_message": self._delete,
            "add_reaction": self._add_reaction,
            "remove_reaction": self._remove_reaction,
        }

    async def send(self, text: str) -> None:
        frame = json.loads(text)
        async with self._turn:
            try:
                data = await self._commands[frame["event"]](frame["data"])
                self._tell({"event": "ack", "ref": frame["ref"], "data": data})
            except ApiError as error:
                shape = {"code": error.code, "message": error.message}
                details = {"details": error.details} if error.details else {}
                self._tell({"event": "error", "ref": frame["ref"], "data": {**shape, **details}})

    async def close(self) -> None:
        self._finish()

    async def _join(self, data: Json) -> Json:
        """Join by fetching the conversation, which checks access and returns its head."""
        found = await self._rest.get(f"/chat/conversations/{data['conversationId']}")
        self._tell({"event": "joined_conversation", "data": (answer := _head(found))})
        return answer

    async def _send(self, data: Json) -> Json:
        body = {name: value for name, value in data.items() if name != "conversationId"}
        path = f"/chat/conversations/{data['conversationId']}/messages"
        return _changed(await self._rest.post(path, body))

    async def _read(self, data: Json) -> Json:
        """Mark everything as read, which is what the tests do over the other transports too."""
        return await self._rest.patch(f"/chat/conversations/{data['conversationId']}/read")

    async def _edit(self, data: Json) -> Json:
        body = {name: value for name, value in data.items() if name != "messageId"}
        return _changed(await self._rest.patch(f"/chat/messages/{data['messageId']}", body))

    async def _delete(self, data: Json) -> Json:
        path = f"/chat/messages/{data['messageId']}"
        await self._rest.delete(path)
        return _changed(await self._rest.get(path))

    async def _add_reaction(self, data: Json) -> Json:
        return _reacted(_parsed(await self._rest.request("PUT", _reaction_path(data))))

    async def _remove_reaction(self, data: Json) -> Json:
        await self._rest.request("DELETE", _reaction_path(data))
        return _reacted(await self._rest.get(f"/chat/messages/{data['messageId']}"))


def _head(conversation: Json) -> Json:
    return {
        "conversationId": conversation["id"],
        "lastSeq": conversation["lastSeq"],
        "rev": conversation["rev"],
    }


def _reaction_path(data: Json) -> str:
    return f"/chat/messages/{data['messageId']}/reactions/{quote(data['emoji'])}"


def _parsed(response: httpx.Response) -> Json:
    body: Json = response.json()
    return body


def _reacted(message: Json) -> Json:
    kept = {name: message[name] for name in ("conversationId", "rev", "reactions")}
    return {**kept, "messageId": message["id"]}


def _changed(message: Json) -> Json:
    return {"conversationId": message["conversationId"], "rev": message["rev"], "message": message}


class Transports:
    """Opens clients over any transport, and closes them at the end of the test."""

    def __init__(self, bridge: NodeBridge, deployment: Deployment) -> None:
        self.bridge = bridge
        self.deployment = deployment
        self._opened: list[LiveClient] = []

    async def open(self, transport: TransportName, person: Person, server: int | None = None) -> LiveClient:
        where = self.deployment.server(person.home if server is None else server)
        if transport == "native":
            return await self._keep(await LiveClient.open(where.live_url, person.access)).ready()
        if transport == "rest":
            return self._keep(_client(RestConnection(person.rest)))
        return await self.open_socketio(where.url, person.access)

    async def open_socketio(self, url: str, token: Any) -> LiveClient:
        """Open a Socket.IO client. Raise `Refused` if the server refuses it."""
        connection = SocketioConnection(self.bridge)
        await connection.open([url], token)
        return self._keep(_client(connection))

    def _keep(self, client: LiveClient) -> LiveClient:
        self._opened.append(client)
        return client

    async def close(self) -> None:
        for client in self._opened:
            await client.close()


def _client(connection: Connection) -> LiveClient:
    return LiveClient(cast(Any, connection))


async def send_raw(client: LiveClient, event: str, data: str) -> None:
    """Send a command with this text as data, valid JSON or not. Errors arrive as an `error` push."""
    connection: object = client.connection
    if isinstance(connection, SocketioConnection):
        connection.send_packet(f'2/chat,["{event}",{data}]')
    else:
        await client.send_raw(f'{{"event":"{event}","data":{data}}}')
