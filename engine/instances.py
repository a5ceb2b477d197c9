"""Running processes: start one, look at one, find many, end one.

On screen an instance is a *case*. Starting is one transaction: the version in force is chosen, the row
inserted, the first step taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select

from engine import access, advance, clock, feel, forms, history, ids, runtime, settings, tables, units
from engine.access import Actor, Permission
from engine.advance import Act, Locked
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import Finding, Invalid, NotFound
from engine.ids import InstanceId, VersionId
from engine.runtime import State, Variables
from engine.runtime.state import Token, Wait
from engine.units import Unit


@dataclass(frozen=True, slots=True)
class Summary:
    """An instance as lists show it."""

    instance_id: InstanceId
    process: str
    version_id: VersionId
    unit_path: str
    subject: str | None
    state: str
    outcome: str | None
    started_at: datetime
    progressed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class View:
    """An instance as its page shows it: where it rests, what it waits for, what it knows."""

    summary: Summary
    unit: Unit
    parent_id: InstanceId | None
    definition: Definition
    tokens: tuple[Token, ...]
    waits: tuple[Wait, ...]
    variables: Variables


def start(
    connection: Connection,
    process: str,
    unit: Unit,
    variables: Variables,
    actor: Actor,
    element: str | None = None,
) -> InstanceId:
    """Start a case by hand, under the version in force for the unit now.

    Refused: NotFound when nothing is in force there, NotAllowed when the process does not let this actor
    start it there, Invalid when the start form's answers break its schema.
    """
    version_id = registry.in_force(connection, process, unit.path, clock.now())
    definition = registry.definition(connection, version_id)
    rule = definition.manifest.start
    if not actor.is_system:
        access.require(actor, Permission.START, unit.path)
        if rule is not None and not (rule.roles & access.roles_at(actor, unit.path)):
            access.require_role(actor, ", ".join(sorted(rule.roles)), unit.path)
    if rule is not None and rule.unit_kinds and unit.kind not in rule.unit_kinds:
        expected = ", ".join(sorted(rule.unit_kinds))
        raise Invalid([Finding("start_unit_kind", {"found": unit.kind, "expected": expected})])
    variables = _answered(definition, variables, element)
    return begin(connection, definition, unit, variables, actor, element)


def begin(
    connection: Connection,
    definition: Definition,
    unit: Unit,
    variables: Variables,
    actor: Actor,
    element: str | None = None,
    parent: tuple[InstanceId, int] | None = None,
) -> InstanceId:
    """Insert an instance of a version and take its first step. The caller has checked who may."""
    if definition.version_id is None:
        raise ValueError("only a published version can be started")
    instance_id = InstanceId(ids.issue(connection, unit.shard))
    rule = definition.manifest.subject
    subject = variables.get(rule.variable) if rule else None
    subject = None if subject is None else str(subject)
    now = clock.now()
    connection.execute(
        tables.instance.insert().values(
            instance_id=instance_id, version_id=definition.version_id, process=definition.key, unit_id=unit.id,
            unit_path=unit.path, subject=subject, parent_id=parent and parent[0], parent_token=parent and parent[1],
            state="active", revision=0, body=b"", started_at=now, progressed_at=now,
        )
    )  # fmt: skip
    locked = Locked(
        instance_id, definition.version_id, definition.key, unit.id, unit.path, subject, parent and parent[0],
        parent and parent[1], 0, runtime.fresh(), definition,
    )  # fmt: skip
    advance.begin(connection, locked, variables, actor, Act("instance_started", element), element)
    return instance_id


def view(connection: Connection, instance_id: int, actor: Actor) -> View:
    """One case for its page. Leaves an audit row when it is about somebody; NotFound when out of reach."""
    row = connection.execute(
        select(tables.instance).where(tables.instance.c.instance_id == instance_id)
    ).one_or_none()
    if row is None or not _may_see(connection, actor, row.instance_id, row.unit_path):
        raise NotFound("instance_not_found")
    if row.subject is not None:
        history.looked_up(connection, actor, "case", row.subject, instance_id=instance_id)
    state = runtime.restore(row.body)
    return View(
        _summary(row), units.by_id(connection, row.unit_id), row.parent_id,
        registry.definition(connection, row.version_id), tuple(state.tokens.values()), tuple(state.waits),
        state.variables,
    )  # fmt: skip


def find(
    connection: Connection,
    actor: Actor,
    *,
    process: str | None = None,
    state: str | None = None,
    subject: str | None = None,
    unit_path: str | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[Summary]:
    """Cases the actor may see, the newest first; `before` an id pages on."""
    table = tables.instance
    query = select(table).where(access.within(table.c.unit_path, access.paths_with(actor, Permission.SEE)))
    if process is not None:
        query = query.where(table.c.process == process)
    if state is not None:
        query = query.where(table.c.state == state)
    if subject is not None:
        query = query.where(table.c.subject == subject)
    if unit_path is not None:
        query = query.where(table.c.unit_path.startswith(unit_path, autoescape=True))
    if before is not None:
        query = query.where(table.c.instance_id < before)
    rows = connection.execute(query.order_by(table.c.instance_id.desc()).limit(min(limit, 500)))
    return [_summary(row) for row in rows]


def children(connection: Connection, instance_id: int) -> list[Summary]:
    """The instances this one has called."""
    query = select(tables.instance).where(tables.instance.c.parent_id == instance_id)
    return [_summary(row) for row in connection.execute(query.order_by(tables.instance.c.instance_id))]


def cancel(connection: Connection, instance_id: int, actor: Actor, reason: str) -> None:
    """End a case before its end, with a reason. Asks for the permission to free cases."""
    locked = advance.lock(connection, instance_id)
    access.require(actor, Permission.FREE, locked.unit_path)
    if not reason.strip():
        raise Invalid([Finding("reason_missing", pointer="/reason")])
    command = runtime.Cancel(reason)
    advance.step(
        connection, locked, command, actor, Act("instance_cancelled", details={"reason": reason[:500]})
    )


def state_of(connection: Connection, instance_id: int) -> State:
    """The stored state, for tests and replay."""
    body = connection.scalar(
        select(tables.instance.c.body).where(tables.instance.c.instance_id == instance_id)
    )
    if body is None:
        raise NotFound("instance_not_found")
    return runtime.restore(body)


def _answered(definition: Definition, variables: Variables, element: str | None) -> Variables:
    """The variables with the start form's answers checked, when the start event has a form."""
    starts = [node for node in definition.model.starts() if element in (None, node.id) and node.form]
    if not starts or starts[0].form is None:
        return variables
    form = definition.forms[starts[0].form]
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    judgement = forms.judge(form, variables, {}, moment)
    if judgement.findings:
        raise Invalid(judgement.findings)
    return judgement.answers


def _may_see(connection: Connection, actor: Actor, instance_id: int, unit_path: str) -> bool:
    """Those who oversee the unit, who may work on an open task of this case, or who have worked on one and still
    hold a role there: whoever completes the last task must still be able to print what it gave."""
    if access.allowed(actor, Permission.SEE, unit_path):
        return True
    task = tables.user_task
    rows = connection.execute(
        select(task.c.role, task.c.unit_path).where(task.c.instance_id == instance_id)
    ).all()
    if any(access.has_role(actor, row.role, row.unit_path) for row in rows):
        return True
    acts = tables.history
    worked = exists().where(
        acts.c.instance_id == instance_id,
        acts.c.actor_id == actor.account_id,
        acts.c.event == "user_task_completed",
    )
    return bool(access.roles_at(actor, unit_path)) and bool(connection.scalar(select(worked)))


def _summary(row: Any) -> Summary:
    return Summary(
        row.instance_id, row.process, row.version_id, row.unit_path, row.subject, row.state, row.outcome,
        row.started_at, row.progressed_at, row.ended_at,
    )  # fmt: skip
