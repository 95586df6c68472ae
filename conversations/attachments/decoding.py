"""Run the decoders. Each file gets a child process, because a bad file may crash it, exhaust its memory or stall it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from chatsite.errors import DomainError

logger = logging.getLogger(__name__)

AT_ONCE: Final = 2  # decoders of one process
PROBE_SECONDS: Final = 20.0
# A request that waits holds one of few threads, so it waits for a short time, and only few requests wait.
REQUEST_PROBE_SECONDS: Final = 5.0
REQUEST_SLOT_SECONDS: Final = 1.0
CONVERT_SECONDS: Final = 120.0
_PACKAGE: Final = "conversations.attachments.decoders"
_ROOT: Final = Path(__file__).resolve().parents[2]
_slots: Final = threading.BoundedSemaphore(AT_ONCE)
_waiting_requests: Final = threading.BoundedSemaphore(AT_ONCE)


class UnreadableFile(Exception):
    """The file cannot be decoded. The text is shown to its sender."""


def decode_in_request(decoder: str, command: str, *arguments: str) -> dict[str, Any]:
    """Do what `decode` does, within seconds. Raise `unavailable` if too many files are being processed."""
    if not _slots.acquire(blocking=False):
        if not _waiting_requests.acquire(blocking=False):
            raise _too_many()
        try:
            _take_slot(REQUEST_SLOT_SECONDS)
        finally:
            _waiting_requests.release()
    return _decode_in_slot(decoder, command, *arguments, seconds=REQUEST_PROBE_SECONDS)


def decode(decoder: str, command: str, *arguments: str, seconds: float) -> dict[str, Any]:
    """Run a command of a decoder and return its answer. Raise `UnreadableFile` on failure."""
    _take_slot(seconds)
    return _decode_in_slot(decoder, command, *arguments, seconds=seconds)


def _take_slot(seconds: float) -> None:
    if not _slots.acquire(timeout=seconds):
        raise _too_many()


def _too_many() -> DomainError:
    text = "Too many files are being processed. Please retry."
    return DomainError("unavailable", text, {"retryAfter": 5})


def _decode_in_slot(decoder: str, command: str, *arguments: str, seconds: float) -> dict[str, Any]:
    call = [sys.executable, "-P", "-m", f"{_PACKAGE}.{decoder}", command, *arguments]
    try:
        done = subprocess.run(
            call,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile("Reading the file takes too long.") from error
    finally:
        _slots.release()
    return _answer(done, decoder)


def _answer(done: subprocess.CompletedProcess[bytes], decoder: str) -> dict[str, Any]:
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace")[-500:]
        logger.warning("the %s decoder ended with %d: %s", decoder, done.returncode, last)
        raise UnreadableFile("The file cannot be read.")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "unreadable" in answer:
        raise UnreadableFile(answer["unreadable"])
    return answer


def _environment() -> dict[str, str]:
    """Return an environment without the site's secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    # One thread of a library for numbers is enough, and each takes address space.
    return {**kept, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
