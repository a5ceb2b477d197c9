"""Service tasks of mode `transaction`: inside the step, exactly once, their writes kept or undone with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text

from engine import catalogue, database, incidents, instances
from engine.access import SYSTEM
from engine.catalogue import Context, Json, Mode
from engine.errors import BusinessError, ServiceTaskFailed
from engine.worker import Worker
from tests.book_loan import bundles
from tests.postgres import rows
from tests.postgres.library import Library


def ledger(inputs: Json, context: Context) -> Json:
    """Write a line with the step's own connection; then fail or refuse as the address says."""
    assert context.connection is not None
    context.connection.execute(
        text("insert into sign_in_attempt values (:key, 1, now())"), {"key": context.job_id}
    )
    if inputs["to"] == "strike":
        raise ServiceTaskFailed("the ledger is closed")
    if inputs["to"] == "nowhere":
        raise BusinessError("ADDRESS_UNKNOWN")
    return {"message_id": context.job_id}


@contextmanager
def inside() -> Iterator[None]:
    """Let the post do its work inside the step."""
    whole = bundles.services()
    task = replace(whole.service_task("post.send"), mode=Mode.TRANSACTION, handler=ledger)
    with catalogue.using(catalogue.Catalogue({**whole.service_tasks, "post.send": task}, whole.queries)):
        yield


def lines(connection: database.Connection) -> list[str]:
    return list(connection.scalars(text("select sign_in from sign_in_attempt")))


def prepared(library: Library, connection: database.Connection, reader_id: str) -> int:
    instance_id = library.start(connection, by_post=True, email="a@example.org", reader_id=reader_id)
    library.answer(connection, instance_id, "fetch", "stamp_card")
    return instance_id


def test_it_runs_in_the_step_that_reaches_it(library: Library) -> None:
    with inside(), database.transaction() as connection:
        instance_id = prepared(library, connection, "R1")
        assert library.elements(connection, instance_id) == ["lend"]
        [key] = lines(connection)
        assert instances.state_of(connection, instance_id).variables["announced_as"] == key
        rows.agree(connection)


def test_its_writes_are_undone_with_the_step(library: Library) -> None:
    with inside():
        try:
            with database.transaction() as connection:
                prepared(library, connection, "R1")
                raise RuntimeError("the power went")
        except RuntimeError:
            pass
        with database.transaction() as connection:
            assert lines(connection) == []


def test_a_failure_undoes_its_writes_only_and_is_an_incident(library: Library) -> None:
    with inside(), database.transaction() as connection:
        instance_id = prepared(library, connection, "strike")
        [incident] = incidents.of(connection, instance_id)
        assert (incident.element, incident.code) == ("announce", "service_task_failed")
        assert "the ledger is closed" in incident.sentence("en")
        assert lines(connection) == []
        assert not incidents.retry(connection, instance_id, incident.token, incident.element, SYSTEM)
        rows.agree(connection)


def test_a_refusal_goes_its_way_in_the_process(library: Library, move: Callable[..., datetime]) -> None:
    instance_id = library.lent(reader_id="nowhere")
    move(days=20)
    with inside():
        Worker().settle()
        with database.transaction() as connection:
            assert library.elements(connection, instance_id) == ["phone_reader"]
            assert lines(connection) == []


def test_a_job_left_over_from_before_is_done_inside_its_step_by_the_worker(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = prepared(library, connection, "R1")
        assert library.elements(connection, instance_id) == []
    with inside():
        Worker().settle()
        with database.transaction() as connection:
            assert library.elements(connection, instance_id) == ["lend"]
            assert len(lines(connection)) == 1
            rows.agree(connection)
