"""A private database with an old table, and processes that run `manage.py` on it."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg

from tests.harness.backend import base_environment
from tests.harness.databases import Database
from tests.harness.patience import patience
from tests.harness.processes import ROOT, NewProcesses
from tests.harness.shell import Shell, ShellFailed

ROWS: Final = 2500
PREPARE: Final = f"""
from django.db import connection
from tests.legacy.generator import World, old_rows
from tests.legacy.oldtable import OldTable
world = World.make(customers=60, businesses=6)
fates = OldTable(connection).fill(old_rows(world, {ROWS}, nul=connection.vendor == "sqlite"))
print("fates", fates["message"], fates["notification"])
"""
COUNT: Final = """
from conversations.models import ChatMessage, Conversation
from notifications.models import Notification
from chatsite.legacy_import.models import LegacyImport, LegacyRow
from tests.legacy.state import check_state
check_state()
record = LegacyImport.objects.first()
counted = ChatMessage.objects.count() + Notification.objects.count()
assert LegacyRow.objects.count() == counted, (LegacyRow.objects.count(), counted)
assert record is None or record.messages + record.notifications == counted, vars(record)
print("counts", ChatMessage.objects.count(), Notification.objects.count(), Conversation.objects.count())
"""


class Site:
    """A private database with an old table, and `manage.py` on it."""

    def __init__(self, database: Database, folder: Path) -> None:
        database.fill()
        self.environment = {**base_environment(), "DATABASE_URL": database.url}
        self.rejects = str(folder / "rejects.jsonl")
        self._shell = Shell(NewProcesses(self.environment))
        self.fates = self.shell(PREPARE)

    def close(self) -> None:
        self._shell.close()

    def shell(self, code: str) -> list[int]:
        """Run the code, and return the numbers on the last line of its output."""
        said = self._shell.run(code)
        return [int(word) for word in said.splitlines()[-1].split()[1:]]

    def command(self, *options: str) -> list[str]:
        return ["import_legacy_messages", "--batch", "100", "--rejects", self.rejects, *options]

    def kill(self, *options: str, when: Callable[[int], bool]) -> bool:
        """Start the command, and kill it soon after this number of rows is moved.

        Return whether it was still running.
        """
        process = subprocess.Popen(
            [sys.executable, "manage.py", *self.command(*options)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and not when(self.moved()):
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.05))  # anywhere in a batch
        process.kill()
        return process.wait() != 0

    def moved(self) -> int:
        """Return how many rows the bookkeeping records as moved."""
        sql = "SELECT sum(messages + notifications) FROM notifications_legacyimport"
        url = self.environment["DATABASE_URL"]
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
                (count,) = connection.execute(sql).fetchone()
        else:
            with psycopg.connect(url) as connection:
                (count,) = connection.execute(sql).fetchone() or (0,)
        return int(count or 0)

    def finish(self, *options: str) -> str:
        """Run the command to its end, after the server has noticed the end of the killed one."""
        deadline = time.monotonic() + patience(30)
        while True:
            try:
                return self._shell.command(*self.command(*options))
            except ShellFailed as failed:
                if "is being imported" not in str(failed) or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
