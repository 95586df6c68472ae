"""The close code that a client sees on a server whose internals are not used."""

from __future__ import annotations

import os


def seen_code(server: str, code: int) -> int:
    """With PLAIN_ASGI=1 daphne cannot send the codes that RFC 6455 reserves; see docs/servers.md."""
    is_reserved = code != 1000 and code < 3000
    return code + 2000 if is_reserved and server == "daphne" and os.environ.get("PLAIN_ASGI") == "1" else code
