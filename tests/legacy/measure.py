"""Measure an import: `python -m tests.legacy.measure postgresql|sqlite [ROWS]`.

It creates a database with an old table of a million rows, imports it, kills the import half-way with SIGKILL,
continues it, runs it again, verifies it, and undoes it. For each step it prints the time and the peak memory. The
table in `docs/migration.md` is from here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.harness.backend import base_environment
from tests.harness.processes import ROOT
from tests.harness.services import PostgreSQL

COMMAND: Final = ("manage.py", "import_legacy_messages", "--progress")
PREPARE: Final = """
from django.db import connection
from tests.legacy.generator import World, old_rows
from tests.legacy.oldtable import OldTable
world = World.make(customers=20000, businesses=300)
print(OldTable(connection).fill(old_rows(world, {rows}, nul=connection.vendor == "sqlite")))
"""


def main(kind: str, rows: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="legacy-measure-")))
        if kind == "postgresql":
            url = stack.enter_context(PostgreSQL()).create_database("chat")
        else:
            url = f"sqlite:///{folder / 'chat.sqlite3'}"
        environment = {**base_environment(), "DATABASE_URL": url}
        rejects = ("--rejects", str(folder / "rejects.jsonl"))
        step(environment, "migrate", "manage.py", "migrate", "--verbosity", "0")
        prepare = ("manage.py", "shell", "--verbosity", "0", "-c", PREPARE.format(rows=rows))
        step(environment, "make the old table", *prepare)
        step(environment, "describe", *COMMAND, "--describe")
        step(environment, "import, killed half-way", *COMMAND, *rejects, kill_at=50)
        step(environment, "import, going on", *COMMAND, *rejects)
        step(environment, "import, nothing to do", *COMMAND, *rejects)
        step(environment, "verify", *COMMAND, "--verify")
        step(environment, "undo", *COMMAND, "--undo")


def step(environment: dict[str, str], name: str, *command: str, kill_at: int | None = None) -> None:
    """Run one command, and print what it took. With `kill_at`, kill it once it reports this percentage."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(f"    {line}")
        progress = re.match(r"\s*(\d+)% ", line)
        if progress and kill_at is not None and int(progress[1]) >= kill_at:
            process.kill()
            break
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    busy = usage.ru_utime + usage.ru_stime
    sys.stdout.write(
        f"{name}: {seconds:.1f} s ({busy:.1f} s of one core), {usage.ru_maxrss / 1024:.0f} MiB, exit {code}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
