"""What can go wrong, as callers see it."""

from __future__ import annotations

from typing import Any, Final

# The server asks for another try; everything else is final.
TRANSIENT: Final = frozenset({"unavailable", "rate_limited"})


class ChatError(Exception):
    """A refusal. `code` is one of the protocol's closed list, `details` is for programs.

    Two codes are the client's own: `closed`, for what was asked of a client or conversation that has been closed, and
    `slow_reader`, for an event stream that nobody reads.
    """

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details or {}

    @property
    def is_transient(self) -> bool:
        return self.code in TRANSIENT

    @property
    def retry_after(self) -> float:
        """Seconds that the server asked to wait; 0 where it did not say."""
        wait = self.details.get("retryAfter", 0)
        return float(wait) if isinstance(wait, (int, float)) else 0.0


class ConnectionLost(Exception):
    """No answer will come over this connection. Callers of the package never see it: what was under way is repeated
    over the next one."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"connection lost: {code} {reason}".rstrip())
        self.code = code
