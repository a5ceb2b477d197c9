"""Only one open case about the same thing, however many begin it at once; and a subject that is known later."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import database, history, instances, messages, tables, units, user_tasks
from engine.access import SYSTEM
from engine.definitions.checks import run
from engine.errors import Conflict
from engine.worker import Worker
from tests import blocked
from tests.book_loan import bundles
from tests.postgres import rows
from tests.postgres.library import Library

CARD = """
process: card
owner: process_owner
subject: {variable: reader_id, once: "= reader_id + \\"/\\" + string(year)"}
start: {roles: [librarian]}
inputs: [reader_id, year]
lanes: {desk: {role: librarian}}
service_levels: {sign: P1D}
flow:
  - {user: sign, lane: desk}
"""
HEARD = CARD.replace("lanes:", "messages: {moved_here: {keep: PT1H}}\nlanes:").replace(
    "flow:", "flow:\n  - {start: heard, message: moved_here}"
)
OFFICE = """
process: office
owner: process_owner
start: {roles: [librarian]}
inputs: [reader_id, year]
lanes: {desk: {role: librarian}}
service_levels: {make_card: P2D, tell_reader: P1D}
flow:
  - call: make_card
    process: card
    with: {reader_id: "= reader_id", year: "= year"}
    on_error: [{code: CASE_OPEN, name: has_one, do: [{user: tell_reader, lane: desk}]}]
"""
ASKED = {"reader_id": "R1", "year": 2021}


def published(library: Library, *manifests: str) -> None:
    with database.transaction() as connection:
        library.publish(connection, *(bundles.small(manifest) for manifest in manifests))


def begun(library: Library, **more: Any) -> int:
    with database.transaction() as connection:
        who = library.people["librarian"]
        return instances.start(connection, "card", library.branch, ASKED | more, who)


def open_cards() -> int:
    with database.transaction() as connection:
        return len(instances.find(connection, SYSTEM, process="card", state="active"))


def test_a_process_about_nobody_keeps_one_open_case_in_a_unit(library: Library) -> None:
    about_nobody = CARD.replace(
        'subject: {variable: reader_id, once: "= reader_id + \\"/\\" + string(year)"}',
        'once: "= unit.code + \\"/\\" + string(year)"',
    )
    assert "subject" not in about_nobody
    published(library, about_nobody)
    begun(library, reader_id="R1")
    with pytest.raises(Conflict):
        begun(library, reader_id="R2")
    begun(library, year=2022)
    with database.transaction() as connection:
        other = units.create(connection, "another-branch", "branch", "Another")
        instances.start(connection, "card", other, dict(ASKED), SYSTEM)
    assert open_cards() == 3


def test_a_second_case_about_the_same_is_refused_and_names_the_first(library: Library) -> None:
    published(library, CARD)
    first = begun(library)
    with database.transaction() as connection:
        before = rows.all_of(connection)
    with pytest.raises(Conflict) as refused:
        begun(library)
    assert (refused.value.code, refused.value.params) == ("case_open", {"case": first})
    assert "hồ sơ đang mở" in refused.value.sentence("vi")
    with database.transaction() as connection:
        assert rows.all_of(connection) == before
    assert begun(library, year=2022) != begun(library, reader_id="R2")


def test_after_the_first_has_ended_another_begins(library: Library) -> None:
    published(library, CARD)
    for _ in range(3):
        instance_id = begun(library)
        with database.transaction() as connection:
            [task] = library.tasks(connection, instance_id)
            user_tasks.complete(connection, task.id, library.people["librarian"], {})
    with database.transaction() as connection:
        instances.cancel(connection, begun(library), SYSTEM, "a mistake")
    begun(library)


def test_where_nothing_is_known_that_would_tell_every_case_begins(library: Library) -> None:
    published(library, CARD)
    assert len({begun(library, reader_id=None) for _ in range(3)}) == 3


def test_a_very_long_key_is_a_key_too(library: Library) -> None:
    published(library, CARD)
    begun(library, reader_id="R" * 5000)
    begun(library, reader_id="R" * 5001)
    with pytest.raises(Conflict):
        begun(library, reader_id="R" * 5000)


def test_of_many_that_begin_at_once_exactly_one_gets_in(library: Library) -> None:
    published(library, CARD)
    came: list[str] = []
    together = threading.Barrier(6)

    def begin() -> None:
        together.wait()
        try:
            begun(library)
            came.append("in")
        except Conflict as refused:
            came.append(refused.code)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["case_open"] * 5 + ["in"]
    assert open_cards() == 1


def test_one_that_waits_for_another_that_is_given_up_gets_in(library: Library) -> None:
    published(library, CARD)
    came: list[str] = []

    def begin() -> None:
        begun(library)
        came.append("in")

    waiting = threading.Thread(target=begin)
    with database.engine().connect() as first:
        transaction = first.begin()
        instances.start(first, "card", library.branch, ASKED, library.people["librarian"])
        waiting.start()
        blocked.until_somebody_waits(database.engine(), waiting)
        transaction.rollback()
    waiting.join()
    assert (came, open_cards()) == (["in"], 1)


def test_a_message_begins_nothing_where_a_case_is_open_and_is_done(library: Library) -> None:
    published(library, HEARD)
    for _ in range(2):
        with database.transaction() as connection:
            messages.publish(connection, "moved_here", "", ASKED, library.branch, timedelta(hours=1))
        Worker().settle()
    assert open_cards() == 1
    with database.transaction() as connection:
        assert connection.execute(select(tables.job)).all() == []
        rows.agree(connection)


def test_a_caller_is_told_by_an_error_that_a_case_is_open(library: Library) -> None:
    published(library, CARD, OFFICE)
    begun(library)
    with database.transaction() as connection:
        office = instances.start(connection, "office", library.branch, ASKED, library.people["librarian"])
    Worker().settle()
    with database.transaction() as connection:
        assert library.elements(connection, office) == ["tell_reader"]
        assert [row.event for row in history.of(connection, office)] == ["instance_started", "call_refused"]
        assert connection.execute(select(tables.job)).all() == []
        rows.agree(connection)
    assert open_cards() == 1


def test_names_of_the_key_are_checked_before_publication() -> None:
    _, found = run(bundles.small(CARD.replace("string(year)", "string(yaer)")), bundles.services())
    assert [(one.code, one.params["name"]) for one in found if one.severity == "error"] == [
        ("name_unknown_close", "yaer")
    ]


# --- a subject that is known later --------------------------------------------------------------------------

LATER = """
process: card
owner: process_owner
subject: {variable: reader_id}
start: {roles: [librarian]}
inputs: [reader_id]
lanes: {desk: {role: librarian}}
service_levels: {register: P1D, read_rules: P1D, sign: P1D}
records:
  - {kind: card, at: sign, values: {reader: "= reader_id"}}
flow:
  - parallel: both
    branches:
      one: [{user: register, lane: desk}, {user: sign, lane: desk}]
      two: [{user: read_rules, lane: desk}]
"""


def test_a_case_and_what_it_opens_carry_the_subject_from_the_step_on_that_tells_it(library: Library) -> None:
    with database.transaction() as connection:
        library.publish(connection, bundles.small(LATER))
        instance_id = instances.start(connection, "card", library.branch, {}, library.people["librarian"])
        tasks = {task.element: task for task in library.tasks(connection, instance_id)}
        assert {task.subject for task in tasks.values()} == {None}
        user_tasks.complete(connection, tasks["register"].id, SYSTEM, {"reader_id": "R7"})
        assert {(task.element, task.subject) for task in library.tasks(connection, instance_id)} == {
            ("sign", "R7"), ("read_rules", "R7")
        }  # fmt: skip
        [sign] = [task for task in library.tasks(connection, instance_id) if task.element == "sign"]
        user_tasks.complete(connection, sign.id, SYSTEM, {"reader_id": "R8"})
        assert [one.subject for one in connection.execute(select(tables.record))] == ["R7"]
        assert [case.instance_id for case in instances.find(connection, SYSTEM, subject="R7")] == [
            instance_id
        ]
        assert instances.find(connection, SYSTEM, subject="R8") == []


def test_the_day_by_which_cases_are_one_is_that_of_here(library: Library) -> None:
    by_day = CARD.replace("string(year)", "string(date(date and time(came_at)))").replace(
        "inputs: [reader_id, year]", "inputs: [reader_id, year, came_at]"
    )
    published(library, by_day)
    begun(library, came_at="2021-08-19T18:30:00Z")  # the twentieth in Ha Noi
    begun(library, came_at="2021-08-19T16:30:00Z")
    with pytest.raises(Conflict):
        begun(library, came_at="2021-08-20T09:00:00+07:00")
