"""PgBouncer in transaction mode before a PostgreSQL."""

from __future__ import annotations

import psycopg

from tests.harness.databases import PostgreSQLDatabase
from tests.harness.services import PostgreSQL, Service, find_program

# `server_round_robin` gives each transaction another connection of the server where there is one. So what a session
# leaves behind, or expects to find, shows at once, and not only under load.
CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={postgres_port} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
server_round_robin = 1
min_pool_size = 3
default_pool_size = 10
max_client_conn = 500
"""


class PgBouncer(Service):
    """Its URLs are those of the databases behind it."""

    def __init__(self, postgres: PostgreSQL) -> None:
        self._program = find_program("pgbouncer", "usr/sbin", "usr/local/sbin")
        super().__init__()
        self._postgres = postgres
        self._configuration = self.home / "pgbouncer.ini"
        self._configuration.write_text(
            CONFIGURATION.format(postgres_port=postgres.port, port=self.port), encoding="utf-8"
        )
        self._configuration.chmod(0o644)

    @property
    def url(self) -> str:
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def command(self) -> list[str]:
        return [self._program, str(self._configuration)]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class PooledDatabase(PostgreSQLDatabase):
    """A new database of this PostgreSQL, which the site reaches through the pooler."""

    def __init__(self, service: PostgreSQL, name: str, pooler: PgBouncer) -> None:
        super().__init__(service, name)
        self.url = pooler.database_url(name)
