"""A client of the ClamAV daemon: its protocol over a socket (clamd(8), `INSTREAM`)."""

from __future__ import annotations

import io
import socket
import struct
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import monotonic
from typing import IO, Final

TIMEOUT: Final = 120.0  # seconds for one answer
CHUNK: Final = 64 * 1024
STRICT_SECONDS: Final = 3600.0  # for which the check of the daemon's configuration holds
_DEPTH: Final = 60  # archives in archives; the daemon unpacks 17 by default, and at most 100

Address = str | tuple[str, int]


class ScannerFailed(Exception):
    """The daemon gave no verdict, or its configuration makes verdicts unreliable."""


class Clamd:
    """A daemon at a path, or at a host and port."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def scan(self, file: IO[bytes]) -> str | None:
        """Return the name of the malware in the file, or None. Raise `ScannerFailed` without a verdict."""
        require_strict(self._address)
        return self.verdict(file)

    def version(self) -> str:
        with self._connection() as connection:
            connection.sendall(b"zVERSION\0")
            return _answer(connection)

    def verdict(self, file: IO[bytes]) -> str | None:
        with self._connection() as connection:
            connection.sendall(b"zINSTREAM\0")
            while part := file.read(CHUNK):
                connection.sendall(struct.pack("!I", len(part)) + part)
            connection.sendall(struct.pack("!I", 0))
            answer = _answer(connection)
        verdict = answer.removeprefix("stream: ")
        if verdict == "OK":
            return None
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        raise ScannerFailed(f"clamd answered: {answer}")

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        try:
            with socket.socket(family) as connection:
                connection.settimeout(TIMEOUT)
                connection.connect(self._address)
                yield connection
        except OSError as error:
            raise ScannerFailed(f"clamd cannot be reached: {error}") from error


def _answer(connection: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0"):
        part = connection.recv(4096)
        if not part:
            raise ScannerFailed("clamd closed the connection without an answer")
        answer += part
    return answer.rstrip(b"\0").decode(errors="replace")


# --- The daemon's configuration ---------------------------------------------------------------------------------------

_checked: Final[dict[Address, float]] = {}
_lock: Final = threading.Lock()


def require_strict(address: Address) -> None:
    """Raise unless the daemon reports what exceeds its limits: without `AlertExceedsMax` it says OK to that.

    The daemon tells nobody its configuration, so it gets an archive that is nested too deeply.
    """
    with _lock:
        if monotonic() - _checked.get(address, -STRICT_SECONDS) < STRICT_SECONDS:
            return
        if Clamd(address).verdict(io.BytesIO(_nested_archive())) is None:
            raise ScannerFailed("clamd must be configured with AlertExceedsMax yes")
        _checked[address] = monotonic()


@cache
def _nested_archive() -> bytes:
    content = b"nothing"
    for depth in range(_DEPTH):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(f"{depth}.zip", content)
        content = buffer.getvalue()
    return content
