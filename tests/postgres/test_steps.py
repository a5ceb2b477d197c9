"""A step and its rows: the same after every step of any walk, whole or not at all, and never done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine import (
    advance,
    clock,
    database,
    drafts,
    history,
    incidents,
    instances,
    messages,
    tables,
    user_tasks,
)
from engine.access import SYSTEM
from engine.errors import Conflict, EngineError, Invalid
from engine.runtime import Event, Happened
from engine.waits import decisions
from engine.worker import Worker
from tests.postgres import rows
from tests.postgres.library import ANSWERS, UNTIL_LENT, Library

WALK = settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
ASKED = st.fixed_dictionaries(
    {
        "reader_id": st.sampled_from(["R1", "R2", "nowhere", "strike"]),
        "card_kind": st.sampled_from(["reader", "teacher"]),
        "books": st.integers(1, 7).map(lambda n: [{"title": f"Tập {number}"} for number in range(n)]),
        "home_unit": st.sampled_from(["main", "unknown"]),
    }
)


def _complete(library: Library, since: int, asked: dict[str, Any], number: int) -> None:
    with database.transaction() as connection:
        tasks = [task for task in user_tasks.queue(connection, SYSTEM) if task.id.instance >= since]
        if tasks:
            task = tasks[number % len(tasks)]
            damaged = {"damaged_titles": ["Tập 0"]} if task.element == "inspect" and number % 2 else {}
            user_tasks.complete(
                connection, task.id, library.people[task.role], ANSWERS[task.element] | damaged
            )


def _work(library: Library, since: int, asked: dict[str, Any], number: int) -> None:
    Worker().turn()


def _wait(library: Library, since: int, asked: dict[str, Any], number: int) -> None:
    clock.move(timedelta(hours=[1, 30, 24 * 20, 24 * 80][number % 4]))


def _message(library: Library, since: int, asked: dict[str, Any], number: int) -> None:
    with database.transaction() as connection:
        messages.publish(connection, "book_returned", asked["reader_id"], {}, library.branch, timedelta())
    Worker().turn()


def _retry(library: Library, since: int, asked: dict[str, Any], number: int) -> None:
    with database.transaction() as connection:
        for incident in incidents.of(connection, since)[:1]:
            incidents.retry(connection, since, incident.token, incident.element, SYSTEM)


MOVES = st.tuples(
    st.sampled_from([_complete, _complete, _complete, _work, _work, _wait, _message, _retry]),
    st.integers(0, 99),
)


@WALK
@given(asked=ASKED, by_post=st.booleans(), moves=st.lists(MOVES, min_size=4, max_size=16))
def test_rows_say_what_the_state_says_after_every_step_of_any_walk(
    library: Library, asked: dict[str, Any], by_post: bool, moves: list[tuple[Callable[..., None], int]]
) -> None:
    more = {"by_post": True, "email": "a@example.org"} if by_post else {}
    with database.transaction() as connection:
        instance_id = library.start(connection, **asked, **more)
    for act, number in moves:
        act(library, instance_id, asked, number)
        with database.transaction() as connection:
            rows.agree(connection, since=instance_id)
    with database.transaction() as connection:
        for case in instances.find(connection, SYSTEM, state="active"):
            instances.cancel(connection, case.instance_id, SYSTEM, "the walk is over")
    Worker().settle()
    with database.transaction() as connection:
        rows.agree(connection, since=instance_id)
        assert not rows.all_of(connection)["job"]


def test_a_second_submit_changes_nothing_and_says_so(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        task = next(task for task in library.tasks(connection, instance_id) if task.element == "stamp_card")
        user_tasks.complete(connection, task.id, SYSTEM, ANSWERS["stamp_card"])
        before = rows.all_of(connection)
    with pytest.raises(Conflict) as refused, database.transaction() as connection:
        user_tasks.complete(connection, task.id, SYSTEM, ANSWERS["stamp_card"])
    assert refused.value.code == "task_done"
    with database.transaction() as connection:
        assert rows.all_of(connection) == before


def test_answers_that_break_the_form_change_nothing(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        before = rows.all_of(connection)
        with pytest.raises(Invalid):
            library.answer(connection, instance_id, "stamp_card", stamped="perhaps")
        assert rows.all_of(connection) == before


def test_a_step_on_a_state_that_has_moved_on_is_refused(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        stale = advance.lock(connection, instance_id)
        library.answer(connection, instance_id, "stamp_card")
    token = next(wait.token for wait in stale.state.waits if wait.element == "fetch")
    with pytest.raises(Conflict) as refused, database.transaction() as connection:
        command = advance.runtime.Complete(token, "fetch", ANSWERS["fetch"])
        advance.step(connection, stale, command, SYSTEM, advance.Act("user_task_completed", "fetch", token))
    assert refused.value.code == "instance_moved_on"
    with database.transaction() as connection:
        rows.agree(connection)


def test_every_step_leaves_its_row_of_history_and_decisions_their_reasons(library: Library) -> None:
    instance_id = library.lent()
    with database.transaction() as connection:
        told = history.of(connection, instance_id)
        assert [(row.event, row.element) for row in told] == [
            ("instance_started", None), *(("user_task_completed", element) for element in UNTIL_LENT)
        ]  # fmt: skip
        [decision] = history.decisions(connection, instance_id)
        assert (decision.decision, decision.rules, decision.outcome["outcome"]) == ("limits", (2,), "allow")
        [record] = connection.execute(select(tables.record)).all()
        assert (record.kind, record.entries["titles"]) == ("loan", ["Số đỏ"])


def test_many_decisions_in_one_step_have_numbers_of_their_own(library: Library) -> None:
    """More than a hundred once ran into the numbers of the next step."""
    details = {
        "version_id": 1,
        "decision": "limits",
        "inputs": {},
        "outcome": 1,
        "rules": (1,),
        "trace": None,
    }
    events = tuple(Event(Happened.DECIDED, "check_limit", n, details) for n in range(250))
    with database.transaction() as connection:
        definition = advance.lock(connection, library.start(connection)).definition
    numbers = [row["seq"] for seq in (1, 2, 3) for row in decisions(definition, events, seq)]
    assert len(set(numbers)) == 750
    assert numbers == sorted(numbers)


def test_a_lane_may_send_its_task_to_another_unit(library: Library) -> None:
    books = [{"title": f"Tập {number}"} for number in range(6)]
    with database.transaction() as connection:
        for home, path in (("main", "/net/main/"), ("nowhere at all", library.branch.path)):
            [task] = library.tasks(connection, library.start(connection, books=books, home_unit=home))
            assert (task.element, task.lane, task.unit_path) == ("grant", "head", path)


def test_a_draft_lives_as_long_as_its_task(library: Library) -> None:
    librarian = library.people["librarian"]
    with database.transaction() as connection:
        instance_id = library.start(connection)
        task = next(task for task in library.tasks(connection, instance_id) if task.element == "stamp_card")
        assert drafts.save(connection, task.id, librarian, {"stamped": None}, 0) == 1
        assert drafts.save(connection, task.id, librarian, {"stamped": True}, 1) == 2
        with pytest.raises(Conflict):
            drafts.save(connection, task.id, librarian, {}, 1)
        library.answer(connection, instance_id, "stamp_card")
        assert connection.execute(select(tables.draft)).all() == []
        with pytest.raises(Conflict):
            drafts.save(connection, task.id, librarian, {}, 2)


def test_a_zero_byte_from_outside_is_kept_and_breaks_no_row(library: Library) -> None:
    """PostgreSQL's jsonb refuses it; the state's own bytes do not."""
    instance_id = library.lent()
    odd = "A\x00B\\u0000"
    with database.transaction() as connection:
        messages.correlate(connection, "book_returned", "R1", {"reader_id": odd}, SYSTEM)
        library.answer(connection, instance_id, "inspect", damaged_titles=["Số đỏ"])
        rows.agree(connection)
        assert instances.state_of(connection, instance_id).variables["reader_id"] == odd
        [job] = connection.execute(select(tables.job)).all()
        assert job.inputs["variables"]["reader_id"] == "A\ufffdB\\u0000"


def test_a_case_ended_by_hand_leaves_no_row_that_anybody_waits_for(
    library: Library, move: Callable[..., datetime]
) -> None:
    instance_id = library.lent()
    with database.transaction() as connection:
        messages.correlate(connection, "book_returned", "R1", {}, SYSTEM)
        library.answer(connection, instance_id, "inspect")
        assert connection.execute(select(tables.expectation)).all() != []
        instances.cancel(connection, instance_id, SYSTEM, "the branch has closed")
        rows.agree(connection)
        for table in (tables.expectation, tables.service_level, tables.timer, tables.user_task):
            assert connection.execute(select(table)).all() == []
        with pytest.raises(EngineError):
            instances.cancel(connection, instance_id, SYSTEM, "again")
