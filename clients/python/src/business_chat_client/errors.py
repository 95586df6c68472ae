"""What can go wrong, as callers see it."""

from __future__ import annotations

from typing import Any, Final

# The server asks for another try; everything else is final.
TRANSIENT: Final = frozenset({"unavailable", "rate_limited"})


class ChatError(Exception):
    """A refusal. `code` is one of the protocol's closed list, `details` is for programs.

    These codes are the client's own: `closed` (the client or conversation has been closed), `slow_reader` (nobody reads
    the event stream), and `timeout` and `disconnected` (the server did not answer, in a bounded number of attempts).
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
