"""The rows of a founded database, kept, so that each test begins with them in milliseconds instead of seconds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from engine import database

TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' order by 1"
SEQUENCES = (
    "select sequencename, last_value from pg_sequences where schemaname = 'public' and last_value is not null"
)


@dataclass(frozen=True)
class Snapshot:
    """Every row of every table as COPY writes it, and where the sequences stood."""

    rows: dict[str, bytes]
    sequences: dict[str, int]


def taken(connection: Connection) -> Snapshot:
    """What the database holds now."""
    driver = database.driver(connection)
    rows = {}
    for (table,) in driver.execute(TABLES).fetchall():
        with driver.cursor().copy(f'copy "{table}" to stdout (format binary)') as copy:
            rows[table] = b"".join(bytes(part) for part in copy)
    return Snapshot(
        {t: r for t, r in rows.items() if len(r) > 21}, dict(driver.execute(SEQUENCES).fetchall())
    )


def put_back(connection: Connection, snapshot: Snapshot) -> None:
    """The same rows in an empty database; foreign keys were right when they were taken."""
    driver = database.driver(connection)
    driver.execute("set local session_replication_role = replica")
    for table, rows in snapshot.rows.items():
        with driver.cursor().copy(f'copy "{table}" from stdin (format binary)') as copy:
            copy.write(rows)
    for sequence, value in snapshot.sequences.items():
        driver.execute("select setval(%s::regclass, %s)", (sequence, value))
