"""The state that apps keep for one session or one process: one object of each class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

StateT = TypeVar("StateT")


class AppState:
    """Each app declares a class with typed fields for what it keeps, and asks for the object by that class."""

    __slots__ = ("_objects",)

    def __init__(self) -> None:
        self._objects: dict[type, Any] = {}

    def find(self, kind: type[StateT]) -> StateT | None:
        found: StateT | None = self._objects.get(kind)
        return found

    def get(self, kind: type[StateT], make: Callable[[], StateT]) -> StateT:
        """Return the object of this class. The first call creates it with `make`."""
        found: StateT | None = self._objects.get(kind)
        if found is None:
            found = self._objects[kind] = make()
        return found

    def set(self, value: object) -> None:
        self._objects[type(value)] = value
