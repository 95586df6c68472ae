"""A disk for the messages that can be filled. The database's write-ahead log is elsewhere, as on a well-kept server.

It is a file system in memory, which needs root. Without root, the size of the database's files is limited instead,
which PostgreSQL reports with another error than a full disk.
"""

from __future__ import annotations

import os
import resource
import subprocess
from typing import Final

import psycopg

from tests.harness.services import PostgreSQL

SIZE: Final = 128 * 2**20  # bytes
BLOCK: Final = 2**16


class SmallDisk:
    def __init__(self, postgres: PostgreSQL, database_url: str) -> None:
        self._postgres = postgres
        self._database_url = database_url
        self._folder = postgres.home / "disk"
        self._ballast = self._folder / "ballast"
        self.is_mounted = False

    def move_messages(self) -> None:
        self._folder.mkdir()
        options = f"size={SIZE},mode=0777"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self._folder)]
        self.is_mounted = subprocess.run(mount, capture_output=True).returncode == 0
        if not self.is_mounted:
            return
        space = self._folder / "space"
        space.mkdir()
        if self._postgres.account:
            os.chown(space, self._postgres.account.pw_uid, self._postgres.account.pw_gid)
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
            connection.execute("ALTER TABLE conversations_chatmessage SET TABLESPACE small")

    def fill(self) -> None:
        """Fill the disk to the last block."""
        if not self.is_mounted:
            self._limit_files(BLOCK)
            return
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(BLOCK))
            except OSError:
                return  # the disk is full

    def free(self) -> None:
        if self.is_mounted:
            self._ballast.unlink(missing_ok=True)
        else:
            self._limit_files(resource.RLIM_INFINITY)

    def close(self) -> None:
        """Move the messages back, and remove the disk."""
        self.free()
        if self.is_mounted:
            with psycopg.connect(self._database_url, autocommit=True) as connection:
                connection.execute("ALTER TABLE conversations_chatmessage SET TABLESPACE pg_default")
                connection.execute("DROP TABLESPACE small")
            subprocess.run(["umount", "--lazy", str(self._folder)], check=True)

    def _limit_files(self, most: int) -> None:
        """Limit the files of the processes that serve clients. Other processes must still write the log."""
        for process in self._postgres.processes()[1:]:
            try:
                if "postgres:" in " ".join(process.cmdline()) and "127.0.0.1" in " ".join(process.cmdline()):
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            except ProcessLookupError:
                continue  # it has just ended
