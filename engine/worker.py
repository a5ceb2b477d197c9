"""The worker: fires due timers, runs jobs, delivers the outbox; as many processes as wanted, on any machine.

What a worker holds is a lease. One that dies leaves nothing undone: another takes over when it runs out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from engine import (
    access,
    advance,
    catalogue,
    clock,
    database,
    jobs,
    log,
    outbox,
    runtime,
    settings,
    start_timers,
    tallies,
    timers,
)
from engine.errors import BusinessError, Conflict, EngineError, NotFound, ServiceTaskFailed, told
from engine.jobs import Job

RETRY_AFTER = timedelta(minutes=1)  # of an outbox job that failed in itself
REST_SECONDS = 2.0  # after a turn that failed
MOST_DELIVERIES = 1_000  # of one message in one turn


@dataclass(slots=True)
class Worker:
    """One worker; `turn` does what is due now, `run` goes on until `stop`."""

    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Work until stopped, resting a moment whenever nothing is due, longer when the database is away."""
        pause = settings.current().poll_ms / 1000
        while not self.stopping.is_set():
            try:
                done = self.turn()
            except Exception as failure:  # whatever it was, it is logged, and the next turn may go well
                log.error("worker_turn_failed", _failure=failure)
                self.stopping.wait(REST_SECONDS)
                continue
            if done == 0:
                self.stopping.wait(pause)

    def stop(self) -> None:
        self.stopping.set()

    def turn(self) -> int:
        """Everything that is due at this moment, once; how many things were done."""
        most = settings.current().claim_batch
        with database.transaction() as connection:
            started = start_timers.fire_due(connection, most)
        with database.transaction() as connection:
            due = timers.claim(connection, most)
            work = jobs.claim(connection, most)
        folded = database.retried(_fold)
        for timer in due:
            _apart(
                "timer", partial(_fire_retried, timer), instance_id=timer.instance_id, element=timer.element
            )
        for job in work:
            names = {
                "instance_id": job.instance_id,
                "element": job.element,
                "kind": job.kind,
                "service_task": job.name,
            }
            _apart("job", partial(run_job, job), **names)
        return started + len(due) + len(work) + folded

    def settle(self, most_turns: int = 200) -> None:
        """Turn until nothing is due: for simulations and tests, which hold the clock."""
        for _ in range(most_turns):
            if self.turn() == 0:
                return


def run_job(job: Job) -> None:
    """Run one claimed job to its end, whatever that is; nothing when another worker has it by now."""
    with database.transaction() as connection:
        if not jobs.renew(connection, job):
            return
    if job.kind == jobs.SERVICE:
        _serve(job)
        return
    for _ in range(MOST_DELIVERIES):
        if database.retried(lambda: _deliver(job)):
            return
    with database.transaction() as connection:  # others want their turn too
        jobs.postpone(connection, job, timedelta(seconds=1), "more to deliver")


def _fold() -> int:
    with database.transaction() as connection:
        return tallies.fold(connection)


def _apart(name: str, work: Callable[[], None], **facts: object) -> None:
    """One unit of work, logged; what breaks in it is not the others'. Its lease runs out, and it is tried again."""
    with suppress(Exception), log.unit_of_work(name, **facts):
        work()


def _serve(job: Job) -> None:
    """Call a service task's handler outside any transaction, then record how it ended."""
    end = _called(job)

    def ended() -> None:
        with database.transaction() as connection:
            end(connection)

    with suppress(
        Conflict, NotFound
    ):  # no longer awaited: somebody else has ended the wait, and the job with it
        database.retried(ended)


def _called(job: Job) -> Callable[[Connection], None]:
    """Run the handler; what came of it, as the verb that records it."""
    if jobs.is_spent(job):
        return partial(jobs.fail, job=job, reason=f"{job.attempt - 1} workers began it and did not come back")
    try:
        task = catalogue.current().service_task(job.name)
        if task.mode is catalogue.Mode.TRANSACTION:
            left_over = runtime.Job(job.token, job.element, job.inputs)
            return partial(advance.serve, instance_id=job.instance_id, job=left_over)
        context = catalogue.Context(
            job.key,
            clock.now(),
            actor=access.SYSTEM,
            settings=settings.current(),
            instance_id=job.instance_id,
        )
        outputs = task.call(job.inputs, context)
    except BusinessError as refusal:
        return partial(jobs.refuse, job=job, refusal=refusal)
    except (ServiceTaskFailed, EngineError) as failure:
        return partial(jobs.fail, job=job, **told(failure))
    except Exception as crash:  # a handler's bug must neither stop the worker nor lose the job
        log.error("service_task_crashed", instance_id=job.instance_id, service_task=job.name, _failure=crash)
        return partial(jobs.fail, job=job, reason=type(crash).__name__)
    return partial(jobs.complete, job=job, outputs=outputs)


def _deliver(job: Job) -> bool:
    try:
        with database.transaction() as connection:
            return outbox.deliver(connection, job)
    except Conflict:
        return False  # the target moved on meanwhile; look again
    except EngineError as failure:
        reason = str(failure)
        with database.transaction() as connection:
            jobs.postpone(connection, job, RETRY_AFTER, reason)
        return True


def _fire_retried(timer: timers.Timer) -> None:
    database.retried(lambda: _fire(timer))


def _fire(timer: timers.Timer) -> None:
    with database.transaction() as connection:
        timers.fire(connection, timer)
