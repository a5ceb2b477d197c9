"""Lines typed off paper: each begins one case, judged as of the moment it happened, however often it is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import sqlalchemy

from engine import clock, paper_lines, records, settings
from engine import database as databases
from engine.errors import Conflict, Invalid, NotFound
from engine.ids import InstanceId
from tests import library as libraries
from tests.library import Library

SHEET = "a-sheet-of-the-door-1"


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Iterator[Library]:
    """The library with the process of its reading room in force."""
    with libraries.declared():
        made = libraries.opened()
        libraries.published(made, "stay")
        move(hours=11)
        yield made


def entered(library: Library, key: str, reader: int = 0, by: str = "thuthu", **answers: object) -> InstanceId:
    given = {
        "reader_id": library.readers[reader]["id"], "came_on": today(), "came_at": "08:10", "page": 1, **answers,
    }  # fmt: skip
    with databases.transaction() as connection:
        return paper_lines.enter(
            connection, SHEET, key, "stay", library.units["branch"], given, library.staff[by], "came_in"
        )


def today() -> str:
    return clock.now().astimezone(settings.current().zone_info).date().isoformat()


def test_a_line_sent_twice_begins_one_case(library: Library) -> None:
    first = entered(library, "line-number-one-00")
    assert entered(library, "line-number-one-00") == first
    assert entered(library, "line-number-two-00", page=2) != first
    with databases.transaction() as connection:
        lines = paper_lines.of_sheet(connection, SHEET, library.staff["thuthu"])
        assert len(lines) == 2 and {line.instance_id for line in lines} >= {first}
        (sheet,) = paper_lines.sheets(connection, "stay", library.staff["thuthu"])
        assert (sheet.key, sheet.count) == (SHEET, 2)


def test_a_line_sent_twice_at_once_leaves_one_case(library: Library) -> None:
    begun: list[InstanceId] = []
    barrier = threading.Barrier(4)

    def enter() -> None:
        barrier.wait()
        try:
            begun.append(entered(library, "line-of-four-hands"))
        except Conflict:
            begun.append(entered(library, "line-of-four-hands"))

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 4 and len(set(begun)) == 1
    with databases.transaction() as connection:
        assert connection.scalar(sqlalchemy.text("select count(*) from instance where process = 'stay'")) == 1


def test_what_a_line_records_bears_the_moment_it_happened(library: Library) -> None:
    case = entered(library, "line-number-one-00", came_at="08:10")
    with databases.transaction() as connection:
        (record,) = records.of(connection, case)
    assert record.at.isoformat() == f"{today()}T01:10:00+00:00"


def test_nobody_reads_or_continues_anothers_line(library: Library) -> None:
    entered(library, "line-number-one-00")
    with pytest.raises(Conflict):
        entered(library, "line-number-one-00", by="thuthu2")
    with databases.transaction() as connection:
        assert paper_lines.of_sheet(connection, SHEET, library.staff["thuthu2"]) == []


def test_a_line_that_is_wrong_leaves_nothing_and_can_be_mended(library: Library) -> None:
    with pytest.raises(Invalid):
        entered(library, "line-number-one-00", came_at="8 giờ")
    assert entered(library, "line-number-one-00")


@pytest.mark.parametrize("key", ["", "short", "x" * 80, "with space and more", "a/b/c/d/e/f/g/h/i/j"])
def test_a_key_that_this_program_did_not_make_is_refused(library: Library, key: str) -> None:
    with pytest.raises(NotFound):
        entered(library, key)
