"""Check that another package still has the names that we use."""

from __future__ import annotations

from collections.abc import Iterable


class ServerChanged(Exception):
    """A server lacks a name that its module here uses."""


def require(owner: object, names: Iterable[str]) -> None:
    """Raise `ServerChanged` if `owner`, a class or an instance, lacks any of `names`."""
    missing = sorted(name for name in names if not hasattr(owner, name))
    if missing:
        kind = owner if isinstance(owner, type) else type(owner)
        raise ServerChanged(f"{kind.__module__}.{kind.__qualname__} has no {', '.join(missing)}")
