"""A small ASGI site: both socket transports with the real `Session`, and with commands and logins for these tests.

Real servers run it as `tests.socketio.site:application`, with the settings of `site_settings.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
from channels.routing import URLRouter
from django.db import OperationalError
from django.urls import re_path

from chatsite.errors import DomainError, not_found
from chatsite.realtime import registry
from chatsite.realtime.events import Event
from chatsite.realtime.identity import Identity
from chatsite.realtime.interfaces import Session
from chatsite.realtime.transports.socketio.server import socketio_application
from chatsite.realtime.transports.websocket import ChatConsumer

# --- Logins: a token is `user:NAME` ---------------------------------------------------------------------------------


def by_tokens(tokens: list[str]) -> list[Identity | DomainError]:
    if "down" in tokens:
        raise OperationalError("no database")
    return [shown_by(token) for token in tokens]


def shown_by(token: str) -> Identity | DomainError:
    kind, _, name = token.partition(":")
    if kind != "user" or not name:
        return DomainError("unauthenticated", "The access token is not valid.")
    return Identity(user_id=name, login_id=name, expires_at=None)


def by_ticket(ticket: str) -> Identity:
    shown = shown_by(ticket.replace("ticket:", "user:"))
    if isinstance(shown, DomainError):
        raise shown
    return shown


registry.set_authentication(
    registry.Authentication(by_tokens, by_ticket, lambda header: None, lambda identities: set())
)

open_sessions = 0


async def greet(session: Session) -> None:
    """Send an event before the client knows that it is connected."""
    global open_sessions
    open_sessions += 1
    await session.subscribe("everybody")
    session.send("greeting", {"userId": session.user_id})


def part(session: Session) -> None:
    global open_sessions
    open_sessions -= 1


registry.opened.append(greet)
registry.closed.append(part)

# --- Commands -------------------------------------------------------------------------------------------------------


class Echo(msgspec.Struct):
    text: str = ""
    delay: float = 0.0


class Broadcast(msgspec.Struct):
    text: str
    count: int = 1


class CloseMe(msgspec.Struct):
    code: int
    reason: str = "because"


class Conversation(msgspec.Struct):
    conversationId: str


class Send(msgspec.Struct):
    conversationId: str
    content: str


class Nothing(msgspec.Struct):
    pass


@registry.command("echo", Echo)
async def echo(session: Session, data: Echo) -> dict[str, Any]:
    await asyncio.sleep(data.delay)
    return {"text": data.text}


@dataclass
class Echoes:
    number: int = 0


@registry.pipelined_command("echo_pipelined", Echo)
def echo_pipelined(session: Session, data: Echo) -> asyncio.Future[Any]:
    """Number the command when it is read, and answer later."""
    echoes = session.state.get(Echoes, Echoes)
    echoes.number += 1
    number = echoes.number
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    reply = {"text": data.text, "number": number}
    asyncio.get_running_loop().call_later(data.delay, answer.set_result, reply)
    return answer


@registry.command("broadcast", Broadcast)
async def broadcast(session: Session, data: Broadcast) -> dict[str, Any]:
    for number in range(data.count):
        event = Event.of("announcement", {"text": data.text, "number": number})
        session.runtime.hub.publish([("everybody", event)])
    return {"count": data.count}


@registry.command("close_me", CloseMe)
async def close_me(session: Session, data: CloseMe) -> None:
    session.close_soon(data.code, data.reason)


@registry.command("fail", Nothing)
async def fail(session: Session, data: Nothing) -> None:
    raise RuntimeError("a bug")


@registry.command("count_sessions", Nothing)
async def count_sessions(session: Session, data: Nothing) -> dict[str, Any]:
    return {"sessions": open_sessions}


@registry.command("join_conversation", Conversation)
async def join_conversation(session: Session, data: Conversation) -> dict[str, Any]:
    if data.conversationId.startswith("foreign"):
        raise not_found("conversation")
    await session.subscribe(f"conversation.{data.conversationId}")
    joined = {"conversationId": data.conversationId, "lastSeq": 0, "rev": 0}
    session.send("joined_conversation", joined)
    return joined


@registry.command("send_message", Send)
async def send_message(session: Session, data: Send) -> dict[str, Any]:
    message = {"id": "m1", "content": data.content, "senderId": session.user_id}
    event = Event.of("new_message", {"message": message, "conversationId": data.conversationId})
    session.runtime.hub.publish([(f"conversation.{data.conversationId}", event)])
    return {"message": message}


# --- The site -------------------------------------------------------------------------------------------------------

native = URLRouter([re_path(r"^chat$", ChatConsumer.as_asgi())])


async def other(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await native(scope, receive, send)
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})


served = socketio_application(other)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "lifespan":  # servers go on without
        await served(scope, receive, send)
