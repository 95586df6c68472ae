"""`python -m tests.harness COMMAND...` runs a command with DATABASE_URL and REDIS_URL of private, fresh services."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.harness.databases import MigratedPostgreSQL
from tests.harness.services import Redis


def main(command: list[str]) -> int:
    # As an exception, a termination still unwinds the blocks below, and so stops the services.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with MigratedPostgreSQL() as postgres, Redis() as redis:
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.create_database("chat"),
            "REDIS_URL": redis.url,
        }
        with subprocess.Popen(command, env=environment) as process:
            try:
                return process.wait()
            finally:
                process.terminate()


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
