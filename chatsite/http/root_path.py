"""Serve the site below a path, such as `https://example.com/support/`, with the setting ROOT_PATH.

A proxy may strip the path or leave it. `WithoutRootPath` removes it for all other code. Only Django gets it back, for
links and redirects. The server's own `root_path` is not used: with uvicorn the path of the scope includes it and with
daphne it does not, and daphne takes it from a header of the client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

OPTION = "--root-path"


class WithoutRootPath:
    """Remove ROOT_PATH from the path of each request and WebSocket, if the proxy has not done so."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "lifespan" and (settings.ROOT_PATH or scope.get("root_path")):
            scope = {**scope, "path": below_root(scope["path"]), "root_path": ""}
        served: Awaitable[None] = self.application(scope, receive, send)
        return served


def below_root(path: str) -> str:
    root: str = settings.ROOT_PATH
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :] or "/"
    return path


def with_root_path(scope: Scope) -> Scope:
    """Return the scope for Django, with ROOT_PATH before the path."""
    return {**scope, "path": settings.ROOT_PATH + scope["path"]} if settings.ROOT_PATH else scope


def refuse_other_root_path(arguments: Iterable[str], uvicorn_root_path: str = "") -> None:
    """Raise if the server was started with a root path other than ROOT_PATH, because links would be wrong."""
    given = list(arguments)
    values = [value for option, value in pairwise(given) if option == OPTION]
    values += [one.partition("=")[2] for one in given if one.startswith(f"{OPTION}=")]
    for value in (*values, uvicorn_root_path):
        if value.strip("/") and f"/{value.strip('/')}" != settings.ROOT_PATH:
            raise ImproperlyConfigured(
                f"The server was started with {OPTION} {value}. Set ROOT_PATH={value} in the environment as well."
            )
