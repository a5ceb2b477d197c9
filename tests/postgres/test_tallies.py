"""Tallies are exact at every moment: counted with the record, folded by any number of workers, never twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import select

from engine import accounts, database, instances, tables, tallies, units, user_tasks
from engine.access import SYSTEM
from engine.definitions.checks import run
from engine.worker import Worker
from tests.book_loan import bundles
from tests.postgres.library import Library
from tests.postgres.test_crashes import killing

Move = Callable[..., datetime]
Counts = dict[tuple[str, str, str, date], int]

SHELF = """
process: shelf
owner: process_owner
start: {roles: [librarian]}
inputs: [genre, copies]
lanes: {desk: {role: librarian}}
service_levels: {sort: P1D}
records:
  - {kind: sorted, at: sort, values: {genre: "= genre", copies: "= copies"}, facet: genre}
  - {kind: touched, at: sort, values: {copies: "= copies"}}
flow:
  - {user: sort, lane: desk}
"""


def brute() -> Counts:
    """The same, counted from the records themselves, by the local day."""
    zone = "at time zone 'Asia/Ho_Chi_Minh'"
    rows = f"select kind, coalesce(entries ->> 'genre', ''), unit_path, (at {zone})::date from record"
    with database.transaction() as connection:
        counted = Counter(tuple(row) for row in connection.execute(sqlalchemy.text(rows)))
    return {key: number for key, number in counted.items() if key[0] in ("sorted", "touched")}  # type: ignore


def read(**given: Any) -> Counts:
    with database.transaction() as connection:
        rows = tallies.read(connection, given.pop("scope", SYSTEM), ["sorted", "touched"], **given)
    return {(row.kind, row.facet, row.unit_path, row.on): row.count for row in rows}


def folded() -> tuple[int, int]:
    """What is in the sums, and what is not folded yet."""
    with database.transaction() as connection:
        counts = connection.scalars(select(tables.tally.c.count)).all()
        return sum(counts), len(connection.execute(select(tables.tally_delta)).all())


def sorted_books(library: Library, *genres: str | None, at: units.Unit | None = None) -> None:
    for genre in genres:
        with database.transaction() as connection:
            instance_id = instances.start(
                connection, "shelf", at or library.branch, {"genre": genre, "copies": 1}, SYSTEM
            )
            [task] = library.tasks(connection, instance_id)
            user_tasks.complete(connection, task.id, SYSTEM, {})


@pytest.fixture
def shelves(library: Library) -> Library:
    with database.transaction() as connection:
        library.publish(connection, bundles.small(SHELF))
    return library


def test_a_record_counts_at_once_and_after_folding_alike(shelves: Library, move: Move) -> None:
    sorted_books(shelves, "novel", "novel", "verse", None)
    move(hours=15)  # midnight has passed in Ha Noi
    sorted_books(shelves, "novel")
    north, monday, tuesday = shelves.branch.path, date(2021, 7, 26), date(2021, 7, 27)
    expected = {
        ("sorted", "", north, monday): 1, ("sorted", "novel", north, monday): 2, ("sorted", "verse", north, monday): 1,
        ("touched", "", north, monday): 4, ("sorted", "novel", north, tuesday): 1, ("touched", "", north, tuesday): 1,
    }  # fmt: skip
    assert read() == expected == brute()
    assert folded() == (0, 10)
    Worker().settle()
    assert read() == expected
    assert folded() == (10, 0)
    sorted_books(shelves, "novel")
    assert read()[("sorted", "novel", north, tuesday)] == 2, "the sum, and what is not folded yet"


def test_days_units_and_scope_narrow_what_is_read(shelves: Library, move: Move) -> None:
    with database.transaction() as connection:
        south = units.create(
            connection, "south", "branch", "Chi nhánh Nam", units.by_code(connection, "main")
        )
        account = accounts.create(connection, "southern", "Nam", "a long enough password")
        accounts.grant(connection, account, "head_librarian", south)
        actor = accounts.actor(connection, account)
    sorted_books(shelves, "novel")
    move(days=1)
    sorted_books(shelves, "verse", at=south)
    Worker().settle()
    both, tuesday = read(), date(2021, 7, 27)
    assert {key[2] for key in both} == {shelves.branch.path, south.path}
    assert set(read(unit_path=south.path)) == {key for key in both if key[2] == south.path}
    assert set(read(until=date(2021, 7, 26))) == {key for key in both if key[3] < tuesday}
    assert set(read(since=tuesday)) == {key for key in both if key[3] == tuesday}
    assert (
        set(read(scope=actor))
        == set(read(scope=[south.path]))
        == {key for key in both if key[2] == south.path}
    )
    assert read(scope=[]) == read(scope=shelves.people["librarian"], unit_path="/net/elsewhere/") == {}
    assert {key[2] for key in read(depth=1)} == {"/net/main/"}
    assert {key[2] for key in read(depth=0)} == {"/net/"}
    assert sum(read(depth=0).values()) == 4
    assert read(depth=7) == both


def test_folding_while_others_write_and_fold_loses_and_doubles_nothing(shelves: Library) -> None:
    stopped = threading.Event()
    failures: list[BaseException] = []

    def guarded(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as failure:
            failures.append(failure)
            raise

    def write(genre: str) -> None:
        sorted_books(shelves, *[genre] * 25)

    def fold() -> None:
        while not stopped.is_set():
            with database.transaction() as connection:
                tallies.fold(connection, most=3)

    def look() -> None:
        while not stopped.is_set():
            with database.transaction() as connection:
                rows = tallies.read(connection, SYSTEM, ["touched"])
            seen.append(sum(row.count for row in rows))

    seen: list[int] = []
    writers = [threading.Thread(target=guarded, args=(lambda g=g: write(g),)) for g in ("novel", "verse")]
    others = [threading.Thread(target=guarded, args=(act,)) for act in (fold, fold, look)]
    for thread in (*writers, *others):
        thread.start()
    for thread in writers:
        thread.join()
    stopped.set()
    for thread in others:
        thread.join()
    assert not failures
    assert seen == sorted(seen), "no look ever sees fewer than one before"
    assert read() == brute()
    Worker().settle()
    assert read() == brute()
    assert folded() == (100, 0)


def test_a_connection_lost_while_folding_changes_nothing(
    shelves: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 0
    while True:
        at += 1
        sorted_books(shelves, "novel")
        expected = brute()
        with killing(monkeypatch, at) as killer:
            try:
                with database.transaction() as connection:
                    tallies.fold(connection)
            except (psycopg.Error, sqlalchemy.exc.DBAPIError):
                assert killer.struck
        database.engine().dispose()
        assert read() == expected
        if not killer.struck:
            break
    assert at > 1
    assert folded()[1] == 0


def test_a_step_that_is_undone_counts_nothing(shelves: Library) -> None:
    with pytest.raises(RuntimeError), database.transaction() as connection:
        instance_id = instances.start(connection, "shelf", shelves.branch, {"genre": "novel"}, SYSTEM)
        [task] = shelves.tasks(connection, instance_id)
        user_tasks.complete(connection, task.id, SYSTEM, {})
        raise RuntimeError("the power went")
    assert read() == {}


def test_the_facet_is_one_of_the_values() -> None:
    _, found = run(bundles.small(SHELF).changed({}), bundles.services())
    assert not [one for one in found if one.severity == "error"]
    with pytest.raises(Exception) as refused:
        bundles.small(SHELF.replace("facet: genre", "facet: gerne"))
    assert [one.code for one in refused.value.findings] == ["record_facet_close"]  # type: ignore[attr-defined]
