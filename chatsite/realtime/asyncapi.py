"""The AsyncAPI 3 document of the live protocol, generated from the commands, the events and their structs.

`manage.py asyncapi` prints it, and `/api/asyncapi.json` serves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from chatsite.errors import HTTP_STATUS
from chatsite.realtime import registry
from chatsite.realtime.identity import Authenticate, Authenticated
from chatsite.realtime.transport import Close
from chatsite.struct_schema import COMPONENTS, struct_schema

Json = dict[str, Any]

CHANNEL: Final = {"$ref": "#/channels/chat"}
REFERENCE: Final[Json] = {
    "description": "Any string or integer; the answer repeats it. A command without it gets no answer.",
    "type": ["string", "integer"],
}
DESCRIPTION: Final = """The live half of the chat. The other half is REST, described by `/api/schema`.

Native WebSocket at `/chat`: JSON text frames `{event, data, ref?}` as shown here. Socket.IO 4 at `/socket.io/`,
namespace `/chat`: the same events with the same data; an ack callback gets what `ack` would carry as `data`, or
`{error}`. Delivery is at most once; every change carries its conversation's `rev`, and `sync` closes every gap."""
CLOSES: Final = {
    Close.RESTART: "The process stops; `server_stopping` says when to reconnect.",
    Close.POLICY: "A flood of frames.",
    Close.TOO_BIG: "A frame over the limit.",
    Close.TRY_LATER: "Not ready; reconnect later.",
    Close.SLOW_READER: "The client reads too slowly; reconnect and sync.",
    Close.UNAUTHENTICATED: "No, bad, expired or revoked credentials.",
    Close.ACCESS_CHANGED: "The rights have changed; reconnect.",
}


def commands() -> dict[str, registry.Command]:
    """Return every command of a session, by name."""
    first = next(iter(registry.commands.values()))
    authenticate = replace(
        first, name="authenticate", data=Authenticate, answer=Authenticated, pipelined=False
    )
    return {"authenticate": authenticate, **registry.commands}


def document(*, host: str, secure: bool) -> Json:
    """Return the document as JSON values. `host` is the host name of the site."""
    schemas = _Schemas()
    messages: Json = {}
    operations: Json = {}
    for name, command in sorted(commands().items()):
        messages[name] = _command_message(command, schemas)
        messages[f"{name}.ack"] = _ack_message(command, schemas)
        operations[name] = _command_operation(command)
    for name, kind in sorted(registry.events.items()):
        messages[name] = _event_message(kind, schemas)
        operations[f"on_{name}"] = {
            "action": "send",
            "channel": CHANNEL,
            "summary": kind.to,
            "messages": [_message_reference(name)],
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Business chat", "version": "1", "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": _servers(host, secure),
        "channels": {"chat": _channel(messages)},
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas.components(),
            "securitySchemes": SECURITY,
        },
    }


SECURITY: Final[Json] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "ticket": {
        "type": "httpApiKey",
        "in": "query",
        "name": "ticket",
        "description": "From `POST /auth/ws-ticket`; opens one socket within 30 seconds.",
    },
    "session": {
        "type": "httpApiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "Only from pages of this site. With `?user=ID`, only if it is the session of this user.",
    },
}


def _servers(host: str, secure: bool) -> Json:
    protocol = "wss" if secure else "ws"
    security = [{"$ref": f"#/components/securitySchemes/{name}"} for name in SECURITY]
    return {"native": {"host": host, "protocol": protocol, "security": security}}


def _channel(messages: Json) -> Json:
    limits = settings.CHAT
    return {
        "address": "/chat",
        "description": "One socket of one user. Without credentials in the handshake, `authenticate` comes first.",
        "servers": [{"$ref": "#/servers/native"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "x-close-codes": {str(code): text for code, text in CLOSES.items()},
        "x-limits": {
            "frameBytes": limits.frame_bytes,
            "framesPerSecond": limits.frames_per_second,
            "framesBurst": limits.frames_burst,
            "authenticateSeconds": limits.authenticate_seconds,
        },
    }


def _message_reference(name: str) -> Json:
    return {"$ref": f"#/channels/chat/messages/{name}"}


def _command_operation(command: registry.Command) -> Json:
    answers = [_message_reference(f"{command.name}.ack"), _message_reference("error")]
    return {
        "action": "receive",
        "channel": CHANNEL,
        "summary": _summary(command.handler) if command.name != "authenticate" else Authenticate.__doc__,
        "messages": [_message_reference(command.name)],
        "reply": {"channel": CHANNEL, "messages": answers},
        "x-pipelined": command.pipelined,
    }


def _summary(handler: object) -> str:
    return (handler.__doc__ or "").strip().partition("\n")[0]


def _command_message(command: registry.Command, schemas: _Schemas) -> Json:
    data = schemas.of(command.data, is_sent=False)
    required = ["event", "data"] if _required_fields(command.data) else ["event"]
    return {
        "name": command.name,
        "payload": _frame(command.name, {"data": data, "ref": REFERENCE}, required),
    }


def _ack_message(command: registry.Command, schemas: _Schemas) -> Json:
    properties = {"ref": REFERENCE, "data": schemas.of_answer(command.answer)}
    return {"name": "ack", "payload": _frame("ack", properties, ["event", "ref", "data"])}


def _event_message(kind: registry.EventKind, schemas: _Schemas) -> Json:
    properties = {"data": schemas.of(kind.data, is_sent=True)}
    if kind.name == "error":
        properties["ref"] = REFERENCE
    return {"name": kind.name, "payload": _frame(kind.name, properties, ["event", "data"])}


def _frame(event: str, properties: Json, required: list[str]) -> Json:
    return {
        "type": "object",
        "properties": {"event": {"const": event}, **properties},
        "required": required,
    }


def _required_fields(struct: type[msgspec.Struct]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(struct) if field.required]


class _Schemas:
    """Collects the structs that the messages refer to."""

    def __init__(self) -> None:
        self._structs: dict[str, type[msgspec.Struct]] = {}
        self._components: Json = {}

    def of(self, struct: type[msgspec.Struct], *, is_sent: bool) -> Json:
        """Return the reference of a struct. A struct that commands take is described as such, if it is sent too."""
        name = struct.__name__
        if self._structs.setdefault(name, struct) is not struct:
            raise ValueError(f"Two structs of the live protocol have the name {name}.")
        if name not in self._components or not is_sent:
            self._components[name] = struct_schema(
                struct, lambda inner: self.of(inner, is_sent=is_sent), is_sent=is_sent
            )
        return {"$ref": COMPONENTS + name}

    def of_answer(self, structs: Any | Sequence[Any]) -> Json:
        """Return the schema of an answer. If several apps contribute to it, it has the fields of all their structs."""
        if not isinstance(structs, Sequence):
            return self.of(structs, is_sent=True)
        return {"allOf": [self.of(struct, is_sent=True) for struct in structs]}

    def components(self) -> Json:
        self._components["ErrorObject"]["properties"]["code"]["enum"] = sorted(HTTP_STATUS)
        return {name: self._components[name] for name in sorted(self._components)}


def live_document(request: HttpRequest) -> HttpResponse:
    """`GET /api/asyncapi.json`: the document with the address of this site."""
    found = document(host=request.get_host(), secure=request.is_secure())
    return JsonResponse(found, json_dumps_params={"indent": 2}, headers={"Access-Control-Allow-Origin": "*"})
