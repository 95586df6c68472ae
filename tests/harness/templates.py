"""Files and folders that take long to make and depend on the code alone.

They are made once for each state of the code, kept in `var/`, and copied.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "var" / "templates"
# The code that the tables and rows of a migrated database depend on.
SOURCES: Final = ("chatsite", "conversations", "notifications", "presence", "tests/harness")


def copy_template(name: str, make: Callable[[Path], None], target: Path) -> None:
    """Copy the file or folder that `make` makes at the path that it is given.

    The first process that needs it makes it. The others wait for it.
    """
    with _locked(name):
        template = _made(name, make, _state_of_the_code())
        if template.is_dir():
            shutil.copytree(template, target)
        else:
            shutil.copyfile(template, target)


def kept_template(name: str, make: Callable[[Path], None], state: str) -> Path:
    """Return the file or folder itself, for readers that do not change it. It depends on `state`."""
    with _locked(name):
        return _made(name, make, state)


@contextmanager
def _locked(name: str) -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(name: str, make: Callable[[Path], None], state: str) -> Path:
    template = FOLDER / f"{name}-{state}"
    if not template.exists():
        for outdated in FOLDER.glob(f"{name}-*"):
            _remove(outdated)
        unfinished = FOLDER / f"{name}-unfinished"
        make(unfinished)
        unfinished.rename(template)
    return template


def migrate(url: str) -> None:
    """Create the tables in an empty database."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**kept, "DEBUG": "1", "DATABASE_URL": url},
        check=True,
    )


@cache
def _state_of_the_code() -> str:
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
