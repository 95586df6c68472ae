"""Call a function of the host project without depending on it: it may hang, raise, or return nonsense."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from django.core import checks
from django.db import connections
from django.utils.module_loading import import_string

ResultT = TypeVar("ResultT")


class FunctionFailed(Exception):
    """There is no answer. `outcome` is `busy`, `timeout` or `error`."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@lru_cache(maxsize=64)
def find_function(path: str) -> Callable[[Any], Any]:
    """Return the function of a dotted path. A class is created once."""
    found: Any = import_string(path)
    function: Callable[[Any], Any] = found() if isinstance(found, type) else found
    return function


class HostFunctions:
    """Calls of one kind of function, at most `most` at once in a process. One that hangs holds its place."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._places = threading.BoundedSemaphore(most)

    def call(self, path: str, argument: Any, *, seconds: float, check: Callable[[Any], ResultT]) -> ResultT:
        """Return what `check` makes of the answer. Raise `FunctionFailed`.

        The function runs on its own thread, because a thread that hangs cannot be ended. The thread is a daemon,
        so that it does not keep the process from ending either.
        """
        if not self._places.acquire(blocking=False):
            raise FunctionFailed("busy")
        outcome: SimpleQueue[Any] = SimpleQueue()

        def run() -> None:
            try:
                outcome.put(check(find_function(path)(argument)))
            except Exception as error:  # noqa: BLE001  the code of the host project may raise anything
                outcome.put(error)
            finally:
                connections.close_all()  # those that the function has used on this thread
                self._places.release()

        threading.Thread(target=run, name=self._name, daemon=True).start()
        try:
            found = outcome.get(timeout=seconds)
        except Empty as error:
            raise FunctionFailed("timeout") from error
        if isinstance(found, Exception):
            raise FunctionFailed("error") from found
        result: ResultT = found
        return result


def check_paths(setting: str, paths: tuple[str, ...], check_id: str) -> list[checks.CheckMessage]:
    """Return an error of the system checks for each path that leads to no function."""
    found: list[checks.CheckMessage] = []
    for path in paths:
        try:
            usable = callable(find_function(path))
        except Exception as error:  # noqa: BLE001  the module of the host project may raise anything
            problem = f"{type(error).__name__}: {error}"
        else:
            problem = "" if usable else "it is not a function."
        if problem:
            text = f"{setting} contains {path!r}, which cannot be used: {problem}"
            found.append(checks.Error(text, id=check_id))
    return found
