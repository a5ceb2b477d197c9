"""A job claimed in a batch may wait for those before it: its lease begins anew when it is run, or it is left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy
from sqlalchemy import text

from engine import clock, jobs, worker
from engine import database as databases
from engine.jobs import Job

_INSERT = text(
    """
    insert into job (instance_id, token, element, kind, name, inputs, available_at, created_at)
    values (7, 1, 'notify', 'service', 'post.send', '{}', :now, :now)
    """
)


def _claimed() -> Job:
    with databases.transaction() as connection:
        connection.execute(_INSERT, {"now": clock.now()})
    with databases.transaction() as connection:
        (job,) = jobs.claim(connection, 5)
    return job


def test_a_lease_begins_anew_when_the_job_is_run(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    job = _claimed()
    move(seconds=50)
    with database.begin() as connection:
        assert jobs.renew(connection, job)
    move(seconds=50)  # the first lease is over, the second is not
    with database.begin() as connection:
        assert jobs.claim(connection, 5) == []


def test_a_job_that_another_worker_has_by_now_is_left_alone(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    late = _claimed()
    move(hours=1)
    with database.begin() as connection:
        (taken,) = jobs.claim(connection, 5)
    assert taken.attempt == late.attempt + 1
    worker.run_job(late)  # neither run nor counted as failed
    with database.begin() as connection:
        assert connection.scalar(text("select attempt from job")) == taken.attempt
        assert connection.scalar(text("select last_error from job")) is None
