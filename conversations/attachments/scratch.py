"""Temporary files of this process, in a folder that does not outlive it by much.

The decoders need files with a name. A process that is killed cannot delete them. So each process holds a lock on its
folder, which the kernel releases in any case, and deletes the folders of the others that nobody holds.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

logger = logging.getLogger(__name__)

PREFIX: Final = "chat-attachments-"
_lock: Final = threading.Lock()
_own: dict[int, tuple[Path, int]] = {}  # by process id: a fork gets its own folder


def scratch_folder() -> Path:
    """Return the folder of this process. The first call creates it and deletes those of dead processes."""
    with _lock:
        held = _own.get(os.getpid())
        if (
            held is None or not held[0].exists()
        ):  # something that tidies up old temporary files has deleted it
            held = _new_folder()
            _own[os.getpid()] = held
            delete_abandoned_folders()
        return held[0]


def named_file(suffix: str = "") -> IO[bytes]:
    """Return an empty file that is deleted when it is closed."""
    return tempfile.NamedTemporaryFile(suffix=suffix, dir=scratch_folder())


def delete_abandoned_folders() -> None:
    """Delete the folders of processes that are gone, on this machine."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or another process deletes it now
            _delete_if_abandoned(folder)


def _delete_if_abandoned(folder: Path) -> None:
    descriptor = _locked(folder)
    if descriptor is None:
        return
    try:
        shutil.rmtree(folder)
        logger.info("deleted the temporary files of a killed process: %s", folder)
    finally:
        os.close(descriptor)


def _new_folder() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        with suppress(FileNotFoundError):  # another process took it for an abandoned one
            descriptor = _locked(folder)
            if descriptor is None:
                continue
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)


@atexit.register
def _delete_own_folder() -> None:
    held = _own.pop(os.getpid(), None)
    if held is not None:
        shutil.rmtree(held[0], ignore_errors=True)


def _locked(folder: Path) -> int | None:
    """Lock the folder and return its descriptor, or None if a living process holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
