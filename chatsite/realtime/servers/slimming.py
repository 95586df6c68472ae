"""What a socket costs that says nothing: a server's objects for a connection, made as small as they can be.

A socket lives for hours and says little. What its handshake said, and what the server says of all of its connections
alike, is most of the memory that it takes. All of this is called by a connection's reader, between two messages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from autobahn.websocket.protocol import TrafficStats
from autobahn.websocket.protocol import WebSocketServerProtocol as AutobahnServerProtocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import Protocol as Parser
from websockets.streams import StreamReader

from chatsite.realtime.servers.queues import OneReaderQueue, ShortDeque, shorten, shorten_event

Receive = Callable[[], Awaitable[Any]]

# What is asked of a socket's scope as long as it lives: by our access log, or by an application put around ours.
_LASTING = ("type", "path", "root_path", "client", "headers")

# What each of a server's connections is told of it.
_OF_UVICORN: Final = frozenset(
    (
        "config",
        "app",
        "loop",
        "logger",
        "root_path",
        "asgi_version",
        "app_state",
        "connections",
        "tasks",
        "default_headers",
        "scheme",
        "close_timeout",
        "ping_interval",
        "ping_timeout",
        "last_ping_rtt",
        "ping_sent_at",
        "curr_msg_data_type",
    )
)
_OF_THE_PARSER: Final = frozenset(("logger", "side", "_state"))
_OF_DAPHNE: Final = frozenset(
    (*AutobahnServerProtocol.CONFIG_ATTRS, "server", "factory", "data", "trafficStats")
)

# What autobahn and daphne keep of a handshake, and read no more.
_OF_DAPHNES_HANDSHAKE: Final = (
    "_raw_query_string",
    "_transport_details",
    "_wskey",
    "application_deferred",
    "clean_headers",
    "http_headers",
    "http_request_data",
    "http_request_host",
    "http_request_params",
    "http_request_path",
    "http_request_uri",
    "http_response_data",
    "http_status_line",
    "is_open",
    "root_path",
    "server_addr",
    "websocket_extensions",
    "websocket_extensions_in_use",
    "websocket_origin",
    "websocket_protocols",
)
_OF_DAPHNES_LAST_FRAME: Final = ("current_frame_masker", "utf8validateLast")
# Gone, and not None: autobahn copies none of its factory's options to a connection whose class has it.
_GONE_FROM_DAPHNE: Final = (
    "perMessageCompressionAccept",  # of the handshake
    "_results",  # of listeners to autobahn's own events, which nobody is
    "_valid_events",
)
_TRAFFIC: Final = TrafficStats()  # type: ignore[no-untyped-call]  # of all connections: nobody asks for one's
_MISSING: Final = object()


def forget_scope(scope: MutableMapping[str, Any]) -> None:
    """Let go what an accepted connection needs no more of its scope; the list of headers stays, empty."""
    if isinstance(scope["headers"], list):
        scope["headers"].clear()  # the server's own list, which its scope shows too
    lasting = {name: scope[name] for name in _LASTING if name in scope}
    scope.clear()
    scope.update(lasting)


def part_upgraded_requests() -> None:
    """Let uvicorn's object of an HTTP connection go where a WebSocket has taken it over.

    It and its parser hold each other: 5 KiB for each socket that opens, until the garbage collector comes, which here
    is seldom. uvicorn parts them where a connection ends. Called once, before the first connection.
    """
    upgrade = HttpToolsProtocol.handle_websocket_upgrade

    def upgrade_and_part(self: HttpToolsProtocol) -> None:
        upgrade(self)
        self.parser = None  # type: ignore[assignment]  # as uvicorn does in `connection_lost`

    HttpToolsProtocol.handle_websocket_upgrade = upgrade_and_part  # type: ignore[method-assign]


def slim_uvicorn(protocol: WebSocketsSansIOProtocol) -> None:
    protocol.queue = _for_one_reader(protocol.queue)  # type: ignore[assignment]  # has all that uvicorn calls
    if protocol.writable.is_set():  # otherwise somebody may be waiting
        shorten_event(protocol.writable)
    protocol.request = protocol.response = protocol.server = None  # type: ignore[assignment]
    parser: Any = protocol.conn
    _parse_anew(parser)
    parser.id = parser.available_extensions = None
    _share(parser, _OF_THE_PARSER)
    _share(protocol, _OF_UVICORN)


def _parse_anew(parser: Any) -> None:
    """A parser that has begun with the request holds it as long as the connection lives, and the last frame too."""
    reading = [parser.parser]
    while (inner := reading[-1].gi_yieldfrom) is not None:
        reading.append(inner)
    if [step.gi_code for step in reading[-2:]] == [Parser.parse.__code__, StreamReader.at_eof.__code__]:
        parser.parser = Parser.parse(parser)  # it waits for the next frame, and has nothing of it
        next(parser.parser)


def slim_daphne(protocol: Any) -> None:
    protocol.http_headers.clear()  # its request shows the same ones
    for name in _OF_DAPHNES_HANDSHAKE:
        setattr(protocol, name, None)
    if protocol.current_frame is None and not protocol.inside_message:
        for name in _OF_DAPHNES_LAST_FRAME:
            setattr(protocol, name, None)
    for name in _GONE_FROM_DAPHNE:
        protocol.__dict__.pop(name, None)
    protocol.send_queue = ShortDeque(protocol.send_queue)
    protocol.trafficStats = _TRAFFIC
    _share(protocol, _OF_DAPHNE)


def replace_queue(protocol: Any, receive: Receive) -> Receive:
    """Put a queue for one reader in the place of daphne's, which `receive` reads. Another `receive`, of an application
    around ours, stays; it has the old queue, with lists in it."""
    old = protocol.application_queue
    if receive != old.get:
        shorten(old)
        return receive
    queue = protocol.application_queue = _for_one_reader(old)
    vars(old).clear()  # the applications around ours hold it, as long as the socket lives
    return queue.get


def _for_one_reader(queue: Any) -> OneReaderQueue:
    """With what has come to `queue`, for whose reader it is."""
    shorter = OneReaderQueue()
    while not queue.empty():
        shorter.put_nowait(queue.get_nowait())
    return shorter


def _share(connection: Any, of_the_server: frozenset[str]) -> None:
    """Let the class say what all of a server's connections say alike, and keep the rest in a table of its size.

    A connection of uvicorn's has 40 attributes, one of daphne's 90. Most are the server's options, or None, False and
    small numbers; and a table that has grown attribute by attribute has room for twice as many. What is set again later
    is the connection's own again.
    """
    kind = type(connection)
    own: dict[str, Any] = {}
    for name, value in connection.__dict__.items():
        if value is None or isinstance(value, int) or name in of_the_server:
            shared = getattr(kind, name, _MISSING)
            if shared is _MISSING and not hasattr(value, "__get__"):  # a function would become a method
                setattr(kind, name, value)
                shared = value
            if shared is value:
                continue
        own[name] = value
    connection.__dict__ = own
