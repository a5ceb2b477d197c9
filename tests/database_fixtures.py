"""A real PostgreSQL for tests: one server for all runs, one migrated template, an empty copy for each worker."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from engine import clock, embedded, settings
from engine import database as databases
from engine.definitions import registry
from tests import foundings

DATA = settings.CHECKOUT / ".data-test"
MORNING = datetime(2021, 7, 26, 2, 0, tzinfo=UTC)  # nine o'clock on a Monday in Ha Noi
FAST = {  # the data of tests need not outlive the machine's power
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
}
# Foreign keys are looked away from while everything goes; a lock that a lost connection holds is not waited for.
# Sequences go on: no id means two things in one run, whatever an earlier test left in somebody's memory.
EMPTY = """
DO $$
DECLARE name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL lock_timeout = '2s';
    FOR name IN SELECT oid::regclass FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
                      AND pg_relation_size(oid) > 0 LOOP
        EXECUTE 'DELETE FROM ' || name;
    END LOOP;
END $$
"""


@pytest.fixture(scope="session", autouse=True)
def _settings_of_tests() -> Iterator[settings.Settings]:
    """What the environment of the developer says must not reach a test."""
    with settings.using(
        settings.Settings(data_dir=DATA, log_format="json", given_secret_key="of tests " * 4)
    ) as held:
        yield held


@pytest.fixture(scope="session")
def _worker_database(_settings_of_tests: settings.Settings, worker_id: str) -> Iterator[sqlalchemy.Engine]:
    """One migrated, empty database for this worker of this run."""
    server = embedded.start(DATA, FAST)
    name = f"test_{os.getpid()}_{worker_id}"
    with _administration(server) as connection:
        _drop_abandoned(connection)
        _copy(connection, server, name)
    engine = databases.connect(_address(server, name), size=8)
    yield engine
    engine.dispose()
    with _administration(server) as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def database(_worker_database: sqlalchemy.Engine) -> Iterator[sqlalchemy.Engine]:
    """An empty, migrated PostgreSQL database; `engine.database.transaction()` means it during the test."""
    try:
        with _worker_database.begin() as connection:
            databases.driver(connection).execute(EMPTY)
    except psycopg.Error:  # an earlier test lost a connection, or broke the schema: a fresh copy
        name = str(_worker_database.url.database)
        server = _worker_database.url.render_as_string(hide_password=False)
        _worker_database.dispose()
        with _administration(server) as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            _copy(connection, server, name)
        registry.forget()  # ids begin anew: what was compiled for an earlier test is not what they name now
        foundings.forget()
    with databases.using(_worker_database):
        yield _worker_database


@pytest.fixture
def connection(database: sqlalchemy.Engine) -> Iterator[sqlalchemy.Connection]:
    """A connection in a transaction that is rolled back after the test."""
    with database.connect() as opened:
        transaction = opened.begin()
        yield opened
        if transaction.is_active:
            transaction.rollback()


@pytest.fixture
def move() -> Iterator[Callable[..., datetime]]:
    """Time stands still on a Monday morning until the test moves it: `move(days=14)`; the new moment."""
    with clock.frozen(MORNING):
        yield lambda **by: clock.move(timedelta(**by))


@contextlib.contextmanager
def _administration(server: str) -> Iterator[sqlalchemy.Connection]:
    engine = sqlalchemy.create_engine(_address(server, "postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _address(server: str, name: str) -> str:
    return sqlalchemy.make_url(server).set(database=name).render_as_string(hide_password=False)


def _copy(connection: sqlalchemy.Connection, server: str, name: str) -> None:
    """A copy of the template; WAL_LOG, because FILE_COPY asks for a checkpoint and took four times as long."""
    template = _template(connection, server)
    connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY WAL_LOG')


def _template(connection: sqlalchemy.Connection, server: str) -> str:
    """The migrated template, made again whenever a migration changes; by one worker while the others wait."""
    name = f"template_{_migrations_hash()}"
    with (DATA / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if name not in _databases(connection, "template_"):
            connection.exec_driver_sql('DROP DATABASE IF EXISTS "template_draft" WITH (FORCE)')
            connection.exec_driver_sql('CREATE DATABASE "template_draft"')
            databases.migrate(_address(server, "template_draft"))
            _require_empty(_address(server, "template_draft"))
            connection.exec_driver_sql(f'ALTER DATABASE "template_draft" RENAME TO "{name}"')
    return name


def _require_empty(address: str) -> None:
    """Each test begins with empty tables; rows that a migration writes would be there for the first one only."""
    engine = sqlalchemy.create_engine(address)
    with engine.connect() as connection:
        tables = sqlalchemy.inspect(connection).get_table_names()
        for table in set(tables) - {"alembic_version"}:
            if connection.exec_driver_sql(f'SELECT 1 FROM "{table}" LIMIT 1').first() is not None:
                raise RuntimeError(
                    f"a migration writes rows into {table}: write them from the program instead"
                )
    engine.dispose()


def _migrations_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(databases.MIGRATIONS.rglob("*.*")):
        if path.suffix in (".py", ".sql"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _databases(connection: sqlalchemy.Connection, prefix: str) -> list[str]:
    found = connection.exec_driver_sql("SELECT datname FROM pg_database ORDER BY oid").scalars()
    return [str(name) for name in found if str(name).startswith(prefix)]


def _drop_abandoned(connection: sqlalchemy.Connection) -> None:
    """The databases of runs that were killed, and all templates but the newest few."""
    for name in _databases(connection, "test_"):
        pid = re.match(r"test_(\d+)_", name)
        if pid and not Path("/proc", pid[1]).exists():
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    for name in _databases(connection, "template_")[:-4]:
        with contextlib.suppress(sqlalchemy.exc.DBAPIError):  # somebody copies from it just now
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}"')
