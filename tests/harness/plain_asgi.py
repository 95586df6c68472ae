"""What clients see of servers that send plain ASGI messages (PLAIN_ASGI=1). docs/servers.md describes the differences.

daphne then cannot send the close codes that RFC 6455 reserves, and does not know whether a reader is slow.
"""

from __future__ import annotations

import os
from typing import Final

IS_PLAIN: Final = os.environ.get("PLAIN_ASGI") == "1"
DROPPED: Final = 1006  # without a close frame


def has_back_pressure(server: str) -> bool:
    """Whether writing to a slow reader waits. If not, the server buffers until the reader misses a ping."""
    return server != "daphne" or not IS_PLAIN


def seen_code(server: str, code: int) -> int:
    """Return what a client sees when the application closes with `code`."""
    is_reserved = code != 1000 and code < 3000
    return code + 2000 if is_reserved and server == "daphne" and IS_PLAIN else code


def code_of_unreadable(server: str, code: int) -> int:
    """Return what a client sees after a frame that the server cannot read, for which the RFC wants `code`."""
    return DROPPED if server == "daphne" and IS_PLAIN else code


def meant_code(code: int | None) -> int | None:
    """Return the code that the application meant, as clients read it."""
    return code - 2000 if IS_PLAIN and code is not None and 3000 < code < 3016 else code
