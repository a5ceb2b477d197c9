"""How queues stand: counted over what waits, only where the one who asks oversees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy

from engine import database as databases
from engine import queues
from tests import library as libraries
from tests.library import Library


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Iterator[Library]:
    with libraries.declared():
        yield libraries.opened()


def lanes(library: Library) -> dict[str, list[queues.Lane]]:
    """Every lane that has somebody waiting, each a queue of its own."""
    with databases.transaction() as connection:
        rows = connection.execute(sqlalchemy.text("select distinct process, lane from user_task"))
        return {row.lane: [(row.process, row.lane)] for row in rows}


def test_a_queue_says_how_many_wait_how_long_and_how_many_too_long(
    library: Library, move: Callable[..., datetime]
) -> None:
    libraries.started(library, reader=1)
    move(minutes=40)
    libraries.started(library, reader=2)
    move(minutes=10)
    with databases.transaction() as connection:
        found = queues.standing(
            connection, library.staff["truong"], library.units["branch"].path, lanes(library)
        )
    every = found.pop("")
    assert every.waiting == sum(one.waiting for one in found.values()) == 4
    for one in found.values():
        assert (one.waiting, one.longest, one.median) == (2, timedelta(minutes=50), timedelta(minutes=30))
    assert every.late == 2  # those of the first reader


def test_nobody_waiting_has_no_time(library: Library) -> None:
    with databases.transaction() as connection:
        found = queues.standing(
            connection, library.staff["truong"], library.units["branch"].path, {"desk": [("loan", "desk")]}
        )
    assert found == {"": queues.Standing(), "desk": queues.Standing()}


def test_the_queues_of_units_below_are_each_child_s_own(library: Library) -> None:
    libraries.started(library, reader=1)
    with databases.transaction() as connection:
        below = queues.standing_below(connection, library.staff["truong"], library.units["library"].path)
        above = queues.standing_below(connection, library.staff["truong"], library.units["network"].path)
        nothing = queues.standing_below(connection, library.staff["thuthu"], library.units["library"].path)
    assert {code: one.waiting for code, one in below.items()} == {"chi-nhanh-1": 2}
    assert {code: one.waiting for code, one in above.items()} == {"thu-vien": 2}
    assert nothing == {}
