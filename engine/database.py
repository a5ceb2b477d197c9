"""The one way to PostgreSQL: an engine per process, transactions owned by the caller, migrations.

With `TIEMCHUNG_DATABASE_URL` unset, asking for the engine starts the embedded server.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from engine import embedded, errors, settings
from engine.held import Held

Connection = sqlalchemy.Connection
Database = sqlalchemy.Engine
T = TypeVar("T")

MIGRATIONS = Path(__file__).with_name("migrations")
OLDEST_POSTGRESQL = 15
TRY_AGAIN = ("40001", "40P01")  # serialization failure, deadlock: the same transaction may well succeed now
ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.01

_encoder = msgspec.json.Encoder(decimal_format="number")
_held: Held[Database] = Held()
using = _held.using  # let `engine()` and `transaction()` mean this database until the block ends


def engine() -> Database:
    """The database of this process: the settings' own, else the embedded one, started if need be.

    Threads share it; a process makes its own, so never carry one over a fork.
    """
    if _held.value is None:
        chosen = settings.current()
        _held.value = connect(chosen.database_url or embedded.start(), size=chosen.threads)
    return _held.value


def connect(url: str, size: int | None = None) -> Database:
    """An engine for the address, with at most `size` connections (the settings' threads, if not said).

    JSON is read and written by msgspec; moments come back in UTC; each statement is prepared at its
    first use, unless the settings say that something stands between which cannot carry that.
    """
    chosen = settings.current()
    address = sqlalchemy.make_url(url)
    options = address.query.get("options", "")
    return sqlalchemy.create_engine(
        address,
        pool_size=size or chosen.threads,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=False,
        json_serializer=_encoder.encode,
        json_deserializer=msgspec.json.decode,
        connect_args={
            "prepare_threshold": 0 if chosen.prepared_statements else None,
            "options": f"{options} -c TimeZone=UTC".strip(),
            "application_name": "tiemchung",
        },
    )


@contextmanager
def transaction(database: Database | None = None) -> Iterator[Connection]:
    """A connection in a transaction: committed when the block ends, rolled back when it raises."""
    with (database or engine()).begin() as connection:
        yield connection


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """psycopg's connection under SQLAlchemy's, in the same transaction: for the hot path.

    Ask again inside a savepoint: SQLAlchemy opens those late.
    """
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    return raw


def retried(function: Callable[[], T], attempts: int = ATTEMPTS) -> T:
    """The function's result; called again when PostgreSQL broke its transaction off for another's sake.

    The function opens and ends its own transaction, and must be able to run again from its beginning.
    """
    for attempt in range(1, attempts):
        try:
            return function()
        except sqlalchemy.exc.DBAPIError as broken_off:
            if _sqlstate(broken_off.orig) not in TRY_AGAIN:
                raise
        except psycopg.Error as broken_off:  # from the hot path, past SQLAlchemy
            if _sqlstate(broken_off) not in TRY_AGAIN:
                raise
        time.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
    return function()


def migrate(url: str | None = None) -> None:
    """Bring the schema to the newest revision; safe when several processes do so at once.

    Raises errors.EngineError when the schema was made by a newer version of this program.
    """
    database = engine() if url is None else connect(url, size=1)
    try:
        with database.begin() as connection:
            version = driver(connection).info.server_version // 10000
            if version < OLDEST_POSTGRESQL:
                raise errors.EngineError("postgres_too_old", found=version, oldest=OLDEST_POSTGRESQL)
            config = _alembic(connection)
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7430021)")  # one migration at a time
            _refuse_unknown_revision(connection, config)
            command.upgrade(config, "head")
    finally:
        if url is not None:
            database.dispose()


def revision(connection: Connection) -> str | None:
    """The schema's revision, None when nothing has been made yet."""
    return MigrationContext.configure(connection).get_current_revision()


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _refuse_unknown_revision(connection: Connection, config: Config) -> None:
    found = revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise errors.EngineError("schema_is_newer", found=found)


def _sqlstate(error: BaseException | None) -> str | None:
    return getattr(error, "sqlstate", None)
