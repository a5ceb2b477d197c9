"""Several at once: one lock order, no deadlock, one winner; and a job belongs to one worker at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalogue, clock, database, instances, jobs, messages, settings, tables, timers, user_tasks
from engine.access import SYSTEM
from engine.errors import Conflict, NotFound
from engine.worker import Worker, run_job
from tests.book_loan.integrations.post import handlers
from tests.postgres import rows
from tests.postgres.library import ANSWERS, Library

ROUNDS = 6
Act = Callable[[database.Connection], Any]
LOST = "lost"


def at_once(*acts: Act) -> list[Any]:
    """What each act gave, all begun together on connections of their own; LOST where somebody else was faster."""
    given: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(index: int, act: Act) -> None:
        gate.wait(timeout=20)
        try:
            with database.transaction() as connection:
                given[index] = act(connection)
        except (Conflict, NotFound):
            given[index] = LOST
        except BaseException as failure:  # a deadlock, above all: told by the assertion that follows
            given[index] = failure

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not [one for one in given if isinstance(one, BaseException)], given
    return given


def test_of_return_deadline_and_end_by_hand_exactly_one_comes_first(library: Library) -> None:
    for number in range(ROUNDS):
        key = f"R{number}"
        instance_id = library.lent(reader_id=key)
        clock.move(timedelta(days=120))
        with database.transaction() as connection:
            due = {
                timer.element: timer
                for timer in timers.claim(connection, 50)
                if timer.instance_id == instance_id
            }
        returned, overdue, ended = at_once(
            lambda c, key=key: messages.correlate(c, "book_returned", key, {}, SYSTEM),
            lambda c, due=due: timers.fire(c, due["long_overdue"]),
            lambda c, i=instance_id: instances.cancel(c, i, SYSTEM, "closed") or "ended",
        )
        assert (returned != LOST) + (overdue is True) <= 1
        with database.transaction() as connection:
            rows.agree(connection, since=instance_id)
            state = instances.state_of(connection, instance_id)
        assert (state.ended, ended) == ("cancelled", "ended"), (
            "nothing else ends the case, so this always can"
        )


def test_of_many_submits_of_one_task_exactly_one_counts(library: Library) -> None:
    for _ in range(ROUNDS):
        with database.transaction() as connection:
            instance_id = library.start(connection)
            task = next(
                task for task in library.tasks(connection, instance_id) if task.element == "stamp_card"
            )
        submit = lambda c, task=task: user_tasks.complete(c, task.id, SYSTEM, ANSWERS["stamp_card"]) or "done"  # noqa: E731
        claim = lambda c, task=task: user_tasks.claim(c, task.id, library.people["librarian"]) or "claimed"  # noqa: E731
        given = at_once(submit, submit, claim, submit)
        assert given.count("done") == 1
        with database.transaction() as connection:
            rows.agree(connection, since=instance_id)


def test_workers_and_people_never_wait_for_each_other_in_a_circle(library: Library) -> None:
    cases = [library.lent(reader_id=f"R{number}") for number in range(4)]
    clock.move(timedelta(days=120))

    def worker_turn(_: database.Connection) -> None:
        for _turn in range(4):
            Worker().turn()

    def people(connection: database.Connection) -> None:
        for number, _case in enumerate(cases):
            try:
                with database.transaction() as own:
                    messages.correlate(own, "book_returned", f"R{number}", {}, SYSTEM)
            except (NotFound, Conflict):
                continue

    def supervisor(connection: database.Connection) -> None:
        for case in reversed(cases):
            with database.transaction() as own:
                instances.cancel(own, case, SYSTEM, "closed")

    at_once(worker_turn, people, supervisor, worker_turn)
    Worker().settle()
    with database.transaction() as connection:
        rows.agree(connection)


# --- leases -----------------------------------------------------------------------------------------------


def announced(library: Library, **more: Any) -> int:
    """A loan that waits for the post to announce it."""
    with database.transaction() as connection:
        instance_id = library.start(connection, by_post=True, email="a@example.org", **more)
        library.answer(connection, instance_id, "fetch", "stamp_card")
    return instance_id


def claimed(most: int = 50) -> list[jobs.Job]:
    with database.transaction() as connection:
        return jobs.claim(connection, most)


def lease_runs_out() -> None:
    clock.move(timedelta(seconds=settings.current().lease_seconds + 1))


def test_two_workers_never_hold_the_same_job(library: Library) -> None:
    cases = {announced(library) for _ in range(6)}
    with database.transaction() as one, database.transaction() as other:
        first, second = jobs.claim(one, 4), jobs.claim(other, 4)
        assert (len(first), len(second)) == (4, 2)
        assert {job.instance_id for job in first + second} == cases
    assert claimed() == [], "nor do they get one that is held"


def test_a_lease_that_has_run_out_is_taken_over_under_the_same_key(library: Library) -> None:
    announced(library)
    [first] = claimed()
    lease_runs_out()
    [second] = claimed()
    assert (first.key, first.attempt, second.attempt) == (second.key, 1, 2)
    run_job(second)
    with database.transaction() as connection:
        before = rows.all_of(connection)
    with pytest.raises(Conflict), database.transaction() as connection:
        jobs.complete(connection, first, {"message_id": "late"})
    run_job(first)
    with database.transaction() as connection:
        assert rows.all_of(connection) == before
        rows.agree(connection)


def test_a_worker_that_lost_its_lease_cannot_fail_the_job_of_another(library: Library) -> None:
    instance_id = announced(library)
    for attempt in range(1, 4):
        lease_runs_out()
        [stale] = claimed()
        assert stale.attempt == attempt
    lease_runs_out()
    [job] = claimed()
    with pytest.raises(Conflict), database.transaction() as connection:
        jobs.fail(connection, stale, "too slow")
    run_job(job)
    with database.transaction() as connection:
        assert library.elements(connection, instance_id) == ["lend"]


def test_a_job_with_which_worker_after_worker_is_lost_becomes_an_incident(library: Library) -> None:
    instance_id = announced(library)
    attempts = catalogue.current().service_task("post.send").retry.attempts
    for _ in range(attempts + jobs.LOST):
        assert len(claimed()) == 1
        lease_runs_out()
    letters = len(handlers.letterbox)
    Worker().settle()
    assert len(handlers.letterbox) == letters, "it was not begun again"
    with database.transaction() as connection:
        [incident] = connection.execute(select(tables.incident)).all()
        assert (incident.instance_id, incident.code) == (instance_id, "service_task_failed")


def test_a_timer_that_is_held_is_not_given_to_another(
    library: Library, move: Callable[..., datetime]
) -> None:
    library.lent()
    move(days=20)
    with database.transaction() as one, database.transaction() as other:
        assert [timer.element for timer in timers.claim(one, 5)] == ["due_soon"]
        assert timers.claim(other, 5) == []
    with database.transaction() as connection:
        assert timers.claim(connection, 5) == []
    lease_runs_out()
    with database.transaction() as connection:
        [timer] = timers.claim(connection, 5)
        assert timers.fire(connection, timer)
        assert not timers.fire(connection, timer), "it has fired already"


def test_a_draft_and_the_submit_of_its_task_leave_no_draft_behind(library: Library) -> None:
    from engine import drafts

    librarian = library.people["librarian"]
    for _ in range(ROUNDS):
        with database.transaction() as connection:
            instance_id = library.start(connection)
            task = next(
                task for task in library.tasks(connection, instance_id) if task.element == "stamp_card"
            )
        at_once(
            lambda c, task=task: user_tasks.complete(c, task.id, SYSTEM, ANSWERS["stamp_card"]),
            lambda c, task=task: drafts.save(c, task.id, librarian, {"stamped": None}, 0),
        )
        with database.transaction() as connection:
            assert connection.execute(select(tables.draft)).all() == []


def test_a_refusal_of_the_outside_goes_its_way_in_the_process(library: Library) -> None:
    instance_id = library.lent(reader_id="nowhere")
    clock.move(timedelta(days=20))
    Worker().settle()
    with database.transaction() as connection:
        assert library.elements(connection, instance_id) == ["phone_reader"]
        assert instances.state_of(connection, instance_id).variables["problem"]["code"] == "ADDRESS_UNKNOWN"
