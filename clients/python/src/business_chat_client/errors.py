"""The exceptions of this package."""

from __future__ import annotations

from typing import Any, Final

# The server asks to retry after these; all others are final.
TRANSIENT: Final = frozenset({"unavailable", "rate_limited"})


class ChatError(Exception):
    """A refusal. `code` is one of the protocol's closed list, `details` is for programs.

    The client adds these codes: `closed` (the client or conversation was closed), `slow_reader` (nobody reads the
    event stream), and `timeout` and `disconnected` (the server did not answer in a limited number of attempts).
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
        """The seconds that the server asked to wait, or 0."""
        wait = self.details.get("retryAfter", 0)
        return float(wait) if isinstance(wait, (int, float)) else 0.0


class ConnectionLost(Exception):
    """The connection has ended. Users of the package never see this, because the call is repeated over the next one."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"connection lost: {code} {reason}".rstrip())
        self.code = code
