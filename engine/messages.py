"""What waits for a message: delivered by name and correlation key, once to each instance that waits.

`correlate` delivers now to the one that has waited longest; `publish` hands a message to the workers,
which deliver it to every instance that waits and start what begins with it, each in its own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select, text

from engine import advance, clock, ids, instances, runtime, tables, units, waits
from engine.access import SYSTEM, Actor
from engine.advance import Act
from engine.definitions import registry
from engine.errors import Conflict, NotFound
from engine.ids import InstanceId
from engine.jobs import Job
from engine.runtime import Variables
from engine.runtime.state import decoded
from engine.units import Unit

MESSAGE = "message"
_RETRY = timedelta(seconds=20)

_INSERT = text(
    """
    insert into job (instance_id, token, element, kind, name, inputs, available_at, created_at)
    values (:instance_id, 0, '', 'message', :name, cast(:inputs as jsonb), :now, :now)
    """
)
_LOCKED_INPUTS = text(
    """
    select inputs::text as inputs, created_at from job
    where instance_id = :instance_id and token = :token and element = :element and kind = 'message' for update
    """
)
_MARK = text(
    """
    update job set inputs = cast(:inputs as jsonb)
    where instance_id = :instance_id and token = :token and element = :element and kind = 'message'
    """
)


@dataclass(frozen=True, slots=True)
class Target:
    """A wait for a message."""

    instance_id: InstanceId
    token: int
    element: str


def correlate(connection: Connection, name: str, key: str, payload: Variables, actor: Actor) -> InstanceId:
    """Deliver a message to the instance that has waited for it longest; NotFound when none waits."""
    target = _longest(connection, name, key)
    if target is None:
        raise NotFound("message_not_awaited", message=name)
    _deliver(connection, target, payload, actor)
    return target.instance_id


def publish(
    connection: Connection, name: str, key: str, payload: Variables, unit: Unit, keep: timedelta
) -> None:
    """Hand a message to the workers; unmatched, it is kept and tried again for the time given."""
    inputs = {"key": key, "payload": payload, "unit_path": unit.path, "keep_seconds": keep.total_seconds()}
    identifier = ids.issue(connection, unit.shard)
    values = {"instance_id": identifier, "name": name, "inputs": waits.for_jsonb(inputs), "now": clock.now()}
    connection.execute(_INSERT, values)


def deliver_next(connection: Connection, job: Job) -> timedelta | None:
    """Deliver a message job to one more target, in this transaction.

    Gives back zero when there may be more, a delay to try again later, or None when the message is done. It
    goes to those that wait at the moment it first meets somebody, each instance once, then to the starts: one
    that goes round and waits again, or that the message itself has started, waits for the next.
    """
    row = connection.execute(_LOCKED_INPUTS, _key(job)).one_or_none()
    if row is None:
        return None
    inputs: dict[str, Any] = decoded(row.inputs)
    path = inputs.get("unit_path") or _unit_path(connection, job)
    matched_at = datetime.fromisoformat(inputs["matched_at"]) if "matched_at" in inputs else clock.now()
    target = _next(connection, job.name, inputs["key"], matched_at, inputs.get("after", 0))
    if target is not None and "started" not in inputs:
        _deliver(connection, target, inputs["payload"], SYSTEM)
        _mark(connection, job, inputs | {"after": target.instance_id, "matched_at": matched_at.isoformat()})
        return timedelta()
    done = inputs.get("started", [])
    for version_id, element in registry.message_starts(connection, job.name, path, clock.now()):
        definition = registry.definition(connection, version_id)
        if definition.key not in done:
            unit = units.by_path(connection, path)
            try:
                instances.begin(connection, definition, unit, inputs["payload"], SYSTEM, element)
            except (
                Conflict
            ) as refused:  # there is an open case already: nothing to begin, and nothing written
                if refused.code != instances.CASE_OPEN:
                    raise
            _mark(connection, job, inputs | {"started": [*done, definition.key]})
            return timedelta()
    kept_until = row.created_at + timedelta(seconds=float(inputs.get("keep_seconds", _kept(connection, job))))
    met_somebody = "matched_at" in inputs or "started" in inputs
    return _RETRY if not met_somebody and clock.now() < kept_until else None


def _deliver(connection: Connection, target: Target, payload: Variables, actor: Actor) -> None:
    locked = advance.lock(connection, target.instance_id)
    command = runtime.Correlate(target.token, target.element, payload)
    advance.step(connection, locked, command, actor, Act("message_received", target.element, target.token))


def _longest(connection: Connection, name: str, key: str) -> Target | None:
    """The wait that has lasted longest."""
    wait = tables.subscription
    row = connection.execute(
        _waits(name, key).order_by(wait.c.created_at, wait.c.instance_id, wait.c.token).limit(1)
    ).one_or_none()
    return None if row is None else Target(*row)


def _next(connection: Connection, name: str, key: str, until: datetime, after: int) -> Target | None:
    """A wait of the next instance, of those that waited already at a moment."""
    wait = tables.subscription
    row = connection.execute(
        _waits(name, key)
        .where(wait.c.created_at <= until, wait.c.instance_id > after)
        .order_by(wait.c.instance_id, wait.c.token)
        .limit(1)
    ).one_or_none()
    return None if row is None else Target(*row)


def _waits(name: str, key: str) -> Select[Any]:
    wait = tables.subscription
    return select(wait.c.instance_id, wait.c.token, wait.c.element).where(
        wait.c.message == name, wait.c.key == key
    )


def _mark(connection: Connection, job: Job, inputs: dict[str, Any]) -> None:
    connection.execute(_MARK, {**_key(job), "inputs": waits.for_jsonb(inputs)})


def _kept(connection: Connection, job: Job) -> float:
    """How long the sending process says its unmatched message is kept, in seconds."""
    version_id = connection.scalar(
        select(tables.instance.c.version_id).where(tables.instance.c.instance_id == job.instance_id)
    )
    if version_id is None:
        return 0.0
    rule = registry.definition(connection, version_id).manifest.messages.get(job.name)
    return rule.keep.total_seconds() if rule else 0.0


def _unit_path(connection: Connection, job: Job) -> str:
    path = connection.scalar(
        select(tables.instance.c.unit_path).where(tables.instance.c.instance_id == job.instance_id)
    )
    return path or "/"


def _key(job: Job) -> dict[str, Any]:
    return {"instance_id": job.instance_id, "token": job.token, "element": job.element}
