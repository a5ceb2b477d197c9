"""Worlds that take seconds to found: founded once in a run, then the same rows put back, in milliseconds.

What was compiled for the rows stays compiled too, because no id is issued twice in a run.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import argon2
from sqlalchemy import Connection

from engine import clock, database, passwords, settings

World = TypeVar("World")

TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' order by 1"


@dataclass(frozen=True)
class _Founding:
    """What somebody founded, how long that took by the held clock, and what it left in the database."""

    world: Any
    took: timedelta
    rows: dict[str, bytes]  # of each table that is not empty, as COPY writes them


_kept: dict[tuple[str, Callable[[], Any], datetime, Path], _Founding] = {}


def once(make: Callable[[], World]) -> World:
    """What a function founds in the present, empty database, under the present settings and with a held clock.

    Each test is given a world of its own. Where something else than rows and time is left behind, or where the
    function does something else each time, it must not be founded in this way.
    """
    began = clock.now()
    key = (str(database.engine().url), make, began, settings.current().processes_dir)
    if key not in _kept:
        with cheap_hashes():
            world = make()
        with database.transaction() as connection:
            _kept[key] = _left(connection, copy.deepcopy(world), clock.now() - began)
        return world
    founding = _kept[key]
    with database.transaction() as connection:
        _put_back(connection, founding)
    if founding.took:
        clock.move(founding.took)
    return copy.deepcopy(founding.world)


@contextlib.contextmanager
def cheap_hashes() -> Iterator[None]:
    """Passwords set in the block cost next to nothing, now and at each sign-in: a hash says what it costs."""
    cheap = argon2.PasswordHasher.from_parameters(argon2.profiles.CHEAPEST)
    with mock.patch.object(passwords, "hasher", return_value=cheap):
        yield


def forget() -> None:
    """Found everything anew from now on: the ids that were issued may come again."""
    _kept.clear()


def _left(connection: Connection, world: Any, took: timedelta) -> _Founding:
    driver = database.driver(connection)
    rows = {}
    for (table,) in driver.execute(TABLES).fetchall():
        with driver.cursor().copy(f'copy "{table}" to stdout (format binary)') as copied:
            rows[table] = b"".join(bytes(part) for part in copied)
    filled = {
        table: content for table, content in rows.items() if len(content) > 21
    }  # more than head and foot
    return _Founding(world, took, filled)


def _put_back(connection: Connection, founding: _Founding) -> None:
    """The same rows in an empty database; foreign keys were right when they were taken."""
    driver = database.driver(connection)
    driver.execute("set local session_replication_role = replica")
    for table, rows in founding.rows.items():
        with driver.cursor().copy(f'copy "{table}" from stdin (format binary)') as copied:
            copied.write(rows)
