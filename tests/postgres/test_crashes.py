"""A connection lost between any two statements of a step leaves the old state or the new, and rows that agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy

from engine import clock, database, instances, jobs, messages, outbox, timers, user_tasks
from engine.access import SYSTEM
from engine.worker import Worker
from tests.postgres import rows
from tests.postgres.library import ANSWERS, Library

MOST_STATEMENTS = 60
Prepared = tuple[int, Callable[[], Any]]  # the id from which on instances are looked at, and the act


class _Killer:
    """Ends the server's side of a connection before its n-th statement; a commit counts as one."""

    def __init__(self, address: str, at: int) -> None:
        self.address, self.at, self.seen, self.struck = address, at, 0, False

    def pass_by(self, connection: psycopg.Connection[Any]) -> None:
        self.seen += 1
        if self.seen == self.at:
            self.struck = True
            with psycopg.connect(self.address, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))


@contextmanager
def killing(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[_Killer]:
    address = database.engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
    killer = _Killer(address, at)
    execute, commit = psycopg.Cursor.execute, psycopg.Connection.commit

    def watched_execute(self: Any, *arguments: Any, **named: Any) -> Any:
        if self.connection.info.dbname and not killer.struck and self.connection.autocommit is False:
            killer.pass_by(self.connection)
        return execute(self, *arguments, **named)

    def watched_commit(self: Any) -> Any:
        if not killer.struck:
            killer.pass_by(self)
        return commit(self)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", watched_execute)
        patched.setattr(psycopg.Connection, "commit", watched_commit)
        yield killer


def survives(monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], Prepared]) -> int:
    """Lose the connection at every statement of an act in turn; how many there were.

    After each loss nothing may have changed, and the act must succeed when it is done again.
    """
    at = 0
    while True:
        at += 1
        assert at < MOST_STATEMENTS
        since, act = prepare()
        before = _everything(since)
        with killing(monkeypatch, at) as killer:
            try:
                act()
            except (psycopg.Error, sqlalchemy.exc.DBAPIError):
                assert killer.struck
        if not killer.struck:
            assert _everything(since) != before
            return at - 1
        assert _everything(since) == before, f"statement {at} left half a step"
        act()
        assert _everything(since) != before


def _everything(since) -> dict[str, list[rows.Row]]:
    """All rows; the pool may hold connections that were lost, which one failure clears away."""
    database.engine().dispose()
    with database.transaction() as connection:
        rows.agree(connection, since)
        return rows.all_of(connection, since)


def committed(act: Callable[[database.Connection], Any]) -> Callable[[], Any]:
    def whole() -> Any:
        with database.transaction() as connection:
            return act(connection)

    return whole


def test_completing_a_task(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare() -> Prepared:
        with database.transaction() as connection:
            instance_id = library.start(connection)
            library.answer(connection, instance_id, "fetch", "stamp_card")
            [task] = library.tasks(connection, instance_id)
        return instance_id, committed(lambda c: user_tasks.complete(c, task.id, SYSTEM, ANSWERS["lend"]))

    assert survives(monkeypatch, prepare) >= 3


def test_starting_a_case(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    assert survives(monkeypatch, lambda: (0, committed(library.start))) >= 4


def test_completing_a_job(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare() -> Prepared:
        with database.transaction() as connection:
            instance_id = library.start(connection, by_post=True, email="a@example.org")
            library.answer(connection, instance_id, "fetch", "stamp_card")
        with database.transaction() as connection:
            [job] = [job for job in jobs.claim(connection, 99) if job.instance_id == instance_id]
        return instance_id, committed(lambda c: jobs.complete(c, job, {"message_id": "m1"}))

    assert survives(monkeypatch, prepare) >= 3


def test_firing_a_timer(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare() -> Prepared:
        instance_id = library.lent()
        clock.move(timedelta(days=20))
        with database.transaction() as connection:
            [timer] = [timer for timer in timers.claim(connection, 99) if timer.instance_id == instance_id]
        return instance_id, committed(lambda c: timers.fire(c, timer))

    assert survives(monkeypatch, prepare) >= 3


def test_delivering_a_call(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare() -> Prepared:
        instance_id = library.lent()
        with database.transaction() as connection:
            messages.correlate(connection, "book_returned", "R1", {}, SYSTEM)
            library.answer(connection, instance_id, "inspect", damaged_titles=["Số đỏ"])
        with database.transaction() as connection:
            [job] = [job for job in jobs.claim(connection, 99) if job.instance_id == instance_id]
        return instance_id, committed(lambda c: outbox.deliver(c, job))

    assert survives(monkeypatch, prepare) >= 8


def test_a_worker_goes_on_after_its_connection_was_lost(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance_id = library.lent(reader_id="nowhere")
    clock.move(timedelta(days=20))
    worker = Worker()
    for at in (1, 2, 4, 6):
        with killing(monkeypatch, at):
            try:
                worker.turn()
            except (psycopg.Error, sqlalchemy.exc.DBAPIError):
                continue
    clock.move(timedelta(hours=2))  # leases run out
    worker.settle()
    with database.transaction() as connection:
        rows.agree(connection)
        assert library.elements(connection, instance_id) == ["phone_reader"]
        assert instances.state_of(connection, instance_id).ended is None
