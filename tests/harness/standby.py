"""A synchronous standby of PostgreSQL."""

from __future__ import annotations

import time

import psycopg

from tests.harness.patience import patience
from tests.harness.services import START_SECONDS, PostgreSQL, ServiceFailed, find_program


class Standby(PostgreSQL):
    """A synchronous replica: a commit of the primary waits for it."""

    def __init__(self, primary: PostgreSQL) -> None:
        self._basebackup = find_program("pg_basebackup", *self.FOLDERS)
        super().__init__()
        self._primary = primary

    def start(self) -> None:
        if not self.data.exists():
            where = ["-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "postgres", "-D", str(self.data)]
            copy = [self._basebackup, *where, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
            if self._spawn(copy).wait(patience(START_SECONDS)) != 0:
                raise ServiceFailed(f"pg_basebackup failed:\n{self.log.read_text()[-4000:]}")
            super().start()
            self._become_synchronous()
        else:
            super().start()

    def _become_synchronous(self) -> None:
        with psycopg.connect(self._primary.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
            deadline = time.monotonic() + patience(START_SECONDS)
            while (
                connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone()
                is None
            ):
                if time.monotonic() > deadline:
                    raise ServiceFailed(f"the standby does not follow:\n{self.log.read_text()[-4000:]}")
                time.sleep(0.05)

    def take_over(self) -> None:
        """Become the primary at the address of the old one."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")
        self.stop()
        self.port = self._primary.port
        self.start()
