"""The base of every object that the server sends."""

from __future__ import annotations

import msgspec


class WireObject(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Base of what the server sends."""
