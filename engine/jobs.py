"""What waits for a worker: claimed under a lease, run outside any transaction, completed, failed or refused.

A job's key (instance, token, element) is the idempotency key of its handler: a worker that dies between
acting and completing is followed by another that calls again with the same key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from engine import access, advance, catalogue, clock, runtime, settings
from engine.advance import Act
from engine.catalogue import Retry
from engine.errors import BusinessError, Conflict
from engine.ids import InstanceId
from engine.runtime import Command, Variables
from engine.runtime.state import decoded

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work; `attempt` counts from 1."""

    instance_id: InstanceId
    token: int
    element: str
    kind: str
    name: str
    inputs: dict[str, Any]
    attempt: int

    @property
    def key(self) -> str:
        return f"{self.instance_id}-{self.token}-{self.element}"


_CLAIM = text(
    """
    update job set available_at = :lease_until, attempt = attempt + 1
    where ctid = any(array(
        select ctid from job where available_at <= :now order by available_at limit :most for update skip locked
    ))
    returning instance_id, token, element, kind, name, inputs::text, attempt
    """
)
_KEY = "instance_id = :instance_id and token = :token and element = :element and kind = :kind"
_RETRY = text(f"update job set available_at = :at, last_error = :reason where {_KEY} and attempt = :attempt")
_DROP = text(f"delete from job where {_KEY}")
_ATTEMPT = text(f"select attempt from job where {_KEY}")
_RENEW = text(f"update job set available_at = :until where {_KEY} and attempt = :attempt returning attempt")
LOST = 2  # workers that may be lost with a job, beyond its attempts, before somebody must look at it


def claim(connection: Connection, most: int) -> list[Job]:
    """Take due jobs under a lease; nobody else gets them until it runs out."""
    now = clock.now()
    lease_until = now + timedelta(seconds=settings.current().lease_seconds)
    rows = connection.execute(_CLAIM, {"now": now, "lease_until": lease_until, "most": most})
    return [_job(*row) for row in rows]


def renew(connection: Connection, job: Job) -> bool:
    """Begin a job's lease anew just before it is run, since those claimed with it may have taken their time.

    False when it is another worker's by now, or done.
    """
    until = clock.now() + timedelta(seconds=settings.current().lease_seconds)
    return connection.scalar(_RENEW, {**_key(job), "until": until, "attempt": job.attempt}) is not None


def complete(connection: Connection, job: Job, outputs: Variables) -> None:
    """The work is done: the process goes on. Conflict when it is no longer awaited."""
    _end(connection, job, runtime.Complete(job.token, job.element, outputs), "job_completed")


def refuse(connection: Connection, job: Job, refusal: BusinessError) -> None:
    """The outside refused in a way the process models: a BPMN error."""
    command = runtime.Raise(job.token, job.element, refusal.code, refusal.message)
    _end(connection, job, command, "job_refused")


def fail(connection: Connection, job: Job, reason: str, refusal: Mapping[str, Any] | None = None) -> None:
    """A technical failure: try again later, or open an incident after the last attempt.

    `refusal` is the code and params behind the reason, if it was one of the engine's own. Of a worker whose
    lease has run out meanwhile this changes nothing: the job is another's now.
    """
    delay = backoff(_retry_rule(job), job.attempt)
    if delay is not None:
        postpone(connection, job, delay, reason)
        return
    locked = advance.lock(connection, job.instance_id)
    if connection.scalar(_ATTEMPT, _key(job)) != job.attempt:
        raise Conflict("no_longer_waiting", element=job.element)
    params = {"name": job.name, "reason": reason[:500], **({"refusal": refusal} if refusal else {})}
    command = runtime.Fail(job.token, job.element, "service_task_failed", params)
    _step(connection, locked, job, command, "job_failed")


def postpone(connection: Connection, job: Job, delay: timedelta, reason: str) -> None:
    """Let a job wait before it is tried again."""
    connection.execute(
        _RETRY, {**_key(job), "at": clock.now() + delay, "reason": reason[:500], "attempt": job.attempt}
    )


def drop(connection: Connection, job: Job) -> None:
    """Remove an outbox job that is done. (A service job goes with its wait, in the step that ends it.)"""
    connection.execute(_DROP, _key(job))


def is_spent(job: Job) -> bool:
    """Whether so many workers were lost with a job that it is not begun again before somebody has looked."""
    return job.kind == SERVICE and job.attempt > _retry_rule(job).attempts + LOST


def backoff(rule: Retry, attempt: int) -> timedelta | None:
    """How long to wait after a failed attempt: first, first·factor, … at most the longest; None: give up."""
    if attempt >= rule.attempts:
        return None
    return min(rule.first * rule.factor ** (attempt - 1), rule.longest)


def _job(
    instance_id: InstanceId, token: int, element: str, kind: str, name: str, inputs: str, attempt: int
) -> Job:
    """A claimed row. What goes to another instance keeps its decimals; a handler gets the numbers of JSON."""
    read = msgspec.json.decode if kind == SERVICE else decoded
    return Job(instance_id, token, element, kind, name, read(inputs), attempt)


def _retry_rule(job: Job) -> Retry:
    task = catalogue.current().service_tasks.get(job.name)
    return task.retry if task else Retry(attempts=1)


def _end(connection: Connection, job: Job, command: Command, event: str) -> None:
    _step(connection, advance.lock(connection, job.instance_id), job, command, event)


def _step(connection: Connection, locked: advance.Locked, job: Job, command: Command, event: str) -> None:
    details = {"attempt": job.attempt, "name": job.name}
    advance.step(connection, locked, command, access.SYSTEM, Act(event, job.element, job.token, details))


def _key(job: Job) -> dict[str, Any]:
    return {"instance_id": job.instance_id, "token": job.token, "element": job.element, "kind": job.kind}
