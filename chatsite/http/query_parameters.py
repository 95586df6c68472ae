"""Read parameters of the query string. A bad value is answered with `invalid`."""

from __future__ import annotations

from rest_framework.request import Request

from chatsite.errors import invalid


def query_integer(request: Request, name: str, *, at_least: int = 0, at_most: int = 2**31 - 1) -> int | None:
    """Return a whole number from the query string, or None if it is missing. Raise `invalid` for a bad value."""
    raw = request.query_params.get(name, "")
    if raw == "":
        return None
    if not raw.isascii() or not raw.isdigit() or len(raw) > 12 or not at_least <= int(raw) <= at_most:
        raise invalid(f"{name} must be a whole number from {at_least} to {at_most}.", field=name)
    return int(raw)


def query_flag(request: Request, name: str) -> bool | None:
    """Return `true`/`false` (or 1/0) from the query string, or None if it is missing."""
    raw = request.query_params.get(name, "").lower()
    if raw == "":
        return None
    if raw not in {"true", "false", "1", "0"}:
        raise invalid(f"{name} must be true or false.", field=name)
    return raw in {"true", "1"}
