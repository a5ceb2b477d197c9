"""What waits for a message: delivered by name and correlation key, once to each instance that waits.

`correlate` delivers now to the one that has waited longest; `publish` hands a message to the workers,
which deliver it to every instance that waits and start what begins with it, each in its own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, text

from engine import advance, clock, ids, instances, runtime, tables, units
from engine.access import SYSTEM, Actor
from engine.advance import Act
from engine.definitions import registry
from engine.errors import NotFound
from engine.ids import InstanceId
from engine.jobs import Job
from engine.runtime import Variables
from engine.runtime.state import encoded
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
    select inputs, created_at from job
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
    """A wait for a message, or a start event that begins with it."""

    key: str
    instance_id: int | None = None
    token: int = 0
    element: str = ""
    version_id: int | None = None


def correlate(connection: Connection, name: str, key: str, payload: Variables, actor: Actor) -> InstanceId:
    """Deliver a message to the instance that has waited for it longest; NotFound when none waits."""
    targets = _waiting(connection, name, key)
    if not targets or targets[0].instance_id is None:
        raise NotFound("message_not_awaited", message=name)
    _deliver(connection, targets[0], payload, actor)
    return InstanceId(targets[0].instance_id)


def publish(connection: Connection, name: str, key: str, payload: Variables, unit: Unit, keep: timedelta) -> None:
    """Hand a message to the workers; unmatched, it is kept and tried again for the time given."""
    inputs = {"key": key, "payload": payload, "unit_path": unit.path, "keep_seconds": keep.total_seconds()}
    identifier = ids.issue(connection, unit.shard)
    values = {"instance_id": identifier, "name": name, "inputs": encoded(inputs).decode(), "now": clock.now()}
    connection.execute(_INSERT, values)


def deliver_next(connection: Connection, job: Job) -> timedelta | None:
    """Deliver a message job to one more target, in this transaction.

    Gives back zero when there may be more, a delay to try again later, or None when the message is done.
    """
    row = connection.execute(_LOCKED_INPUTS, _key(job)).one_or_none()
    if row is None:
        return None
    inputs: dict[str, Any] = row.inputs
    done = inputs.setdefault("done", [])
    path = inputs.get("unit_path") or _unit_path(connection, job)
    targets = _waiting(connection, job.name, inputs["key"]) + _starting(connection, job.name, path)
    following = next((target for target in targets if target.key not in done), None)
    if following is not None:
        _deliver(connection, following, inputs["payload"], SYSTEM, path)
        done.append(following.key)
        connection.execute(_MARK, {**_key(job), "inputs": encoded(inputs).decode()})
        return timedelta()
    kept_until = row.created_at + timedelta(seconds=float(inputs.get("keep_seconds", _kept(connection, job))))
    return _RETRY if not done and clock.now() < kept_until else None


def _deliver(connection: Connection, target: Target, payload: Variables, actor: Actor, path: str = "/") -> None:
    if target.instance_id is None and target.version_id is not None:
        definition = registry.definition(connection, target.version_id)
        unit = units.by_path(connection, path)
        instances.begin(connection, definition, unit, payload, actor, target.element)
        return
    locked = advance.lock(connection, target.instance_id or 0)
    command = runtime.Correlate(target.token, target.element, payload)
    advance.step(connection, locked, command, actor, Act("message_received", target.element, target.token))


def _waiting(connection: Connection, name: str, key: str) -> list[Target]:
    wait = tables.subscription
    rows = connection.execute(
        select(wait.c.instance_id, wait.c.token, wait.c.element)
        .where(wait.c.message == name, wait.c.key == key)
        .order_by(wait.c.created_at, wait.c.instance_id)
        .limit(200)
    )
    return [Target(f"{row.instance_id}-{row.token}-{row.element}", *row) for row in rows]


def _starting(connection: Connection, name: str, path: str) -> list[Target]:
    starts = registry.message_starts(connection, name, path, clock.now())
    return [Target(f"start-{version_id}-{element}", None, 0, element, version_id) for version_id, element in starts]


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
