"""Running processes: start one, look at one, find many, end one.

On screen an instance is a *case*. Starting is one transaction: the version in force is chosen, the row
inserted, the first step taken.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select, text
from sqlalchemy.dialects.postgresql import insert

from engine import (
    access,
    advance,
    campaign,
    case_codes,
    clock,
    feel,
    forms,
    history,
    ids,
    runtime,
    settings,
    tables,
    units,
)
from engine.access import Actor, Permission
from engine.advance import Act, Locked
from engine.bpmn.model import Trigger
from engine.definitions import entries, registry
from engine.definitions.data import VERSION_MISSING
from engine.definitions.definition import Definition
from engine.definitions.manifest import StartRule
from engine.errors import Conflict, Finding, Invalid, NotAllowed, NotFound
from engine.ids import InstanceId, VersionId
from engine.runtime import State, Variables
from engine.runtime.state import Token, Wait
from engine.units import Unit

CASE_OPEN = "case_open"  # the code of the refusal; in capitals the BPMN error of a call
LONGEST_KEY = 200  # characters; of longer ones the hash is kept


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
    start_key: bytes | None = None,
) -> InstanceId:
    """Start a case by hand, under the version in force for the unit now; of what is entered after it happened,
    under the one that was in force then (`start.as_of`).

    Refused: NotFound when nothing is in force there, NotAllowed when the process does not let this actor
    start it there, Invalid when the start form's answers break its schema, Conflict `case_open` with the `case`
    when there is one already (`subject.once`). `start_key`: as
    `case_codes.issue`.
    """
    version_id = registry.in_force(connection, process, unit.path, clock.now())
    definition = registry.definition(connection, version_id)
    if actor.bearer is not None:
        element, variables = _public(definition, element, variables)
    rule = definition.manifest.start_rule(element or _only_start(definition))
    if actor.bearer is None and not actor.is_system:
        access.require(actor, Permission.START, unit.path)
        if rule is not None and not (rule.roles & access.roles_at(actor, unit.path)):
            access.require_role(actor, ", ".join(sorted(rule.roles)), unit.path)
    if rule is not None and rule.unit_kinds and unit.kind not in rule.unit_kinds:
        expected = ", ".join(sorted(rule.unit_kinds))
        raise Invalid([Finding("start_unit_kind", {"found": unit.kind, "expected": expected})])
    occurred_at = _occurred(definition, rule, variables, element)
    missing: Variables = {}
    if rule is not None and rule.as_of is not None:
        wanted = element or _only_start(definition)
        then = registry.begun_then(connection, definition, unit.path, wanted, occurred_at)
        missing = {VERSION_MISSING: then is None}
        definition = then or definition
    variables = _answered(definition, variables, element, occurred_at) | missing
    return begin(
        connection, definition, unit, variables, actor, element, occurred_at=occurred_at, start_key=start_key
    )


def begin(
    connection: Connection,
    definition: Definition,
    unit: Unit,
    variables: Variables,
    actor: Actor,
    element: str | None = None,
    parent: tuple[InstanceId, int] | None = None,
    occurred_at: datetime | None = None,
    start_key: bytes | None = None,
) -> InstanceId:
    """Insert an instance of a version and take its first step. The caller has checked who may.

    Conflict `case_open` when the process wants one active case at a time and there is one; nothing is written then.
    """
    if definition.version_id is None:
        raise ValueError("only a published version can be started")
    rule, now = definition.manifest.subject, clock.now()
    subject = (feel.as_text(variables.get(rule.variable)) or None) if rule else None
    row = {
        "version_id": definition.version_id, "process": definition.key, "unit_id": unit.id, "unit_path": unit.path,
        "subject": subject, "once_key": _once_key(definition, unit, variables), "parent_id": parent and parent[0],
        "parent_token": parent and parent[1], "state": "active", "revision": 0, "body": b"", "started_at": now,
        "progressed_at": now,
    }  # fmt: skip
    instance_id = _inserted(connection, unit, row)
    if definition.manifest.public is not None:
        case_codes.issue(connection, instance_id, start_key)
    locked = Locked(
        instance_id, definition.version_id, definition.key, unit.id, unit.path, subject, parent and parent[0],
        parent and parent[1], 0, runtime.fresh(), definition,
    )  # fmt: skip
    act = Act("instance_started", element, details=history.by(actor))
    advance.begin(connection, locked, variables, actor, act, element, occurred_at)
    return instance_id


def view(connection: Connection, instance_id: int, actor: Actor) -> View:
    """One case for its page. Leaves an audit row when it is about somebody; NotFound when out of reach."""
    row = connection.execute(
        select(tables.instance).where(tables.instance.c.instance_id == instance_id)
    ).one_or_none()
    if row is None or not _may_see(connection, actor, row):
        raise NotFound("instance_not_found")
    if row.subject is not None:
        history.looked_up(connection, actor, "case", row.subject, instance_id=instance_id)
    state = runtime.restore(row.body)
    return View(
        _summary(row), units.by_id(connection, row.unit_id), row.parent_id,
        registry.definition(connection, row.version_id), tuple(state.tokens.values()), tuple(state.waits),
        state.variables,
    )  # fmt: skip


def may_open(connection: Connection, actor: Actor, instance_id: int) -> bool:
    """Whether the actor may open a case; no case, nobody may."""
    row = connection.execute(
        select(tables.instance).where(tables.instance.c.instance_id == instance_id)
    ).one_or_none()
    return row is not None and _may_see(connection, actor, row)


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


def summaries(connection: Connection, which: ColumnElement[bool], limit: int = 50) -> list[Summary]:
    """The cases a condition chooses, the newest first, for callers that know who may see them."""
    query = select(tables.instance).where(which).order_by(tables.instance.c.instance_id.desc()).limit(limit)
    return [_summary(row) for row in connection.execute(query)]


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


def _public(
    definition: Definition, element: str | None, variables: Variables
) -> tuple[str | None, Variables]:
    """Where people without an account begin a case, and what they may bring: the answers of its form, nothing else."""
    first = definition.public_start()
    if first is None or element not in (None, first.id):
        raise NotAllowed("start_not_public")
    return first.id, variables if first.form else {}


def _only_start(definition: Definition) -> str | None:
    """The start event by which a case begins by hand, when there is one only."""
    starts = [node.id for node in definition.model.starts() if node.trigger is Trigger.NONE]
    return starts[0] if len(starts) == 1 else None


def _occurred(
    definition: Definition, rule: StartRule | None, variables: Variables, element: str | None
) -> datetime | None:
    """When what is entered happened; None: now. All that is wrong with the form is said along with it."""
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    try:
        return entries.moment_of(rule, variables, moment, campaign.current().entry_back)
    except Invalid as refused:
        form = _start_form(definition, element)
        found = forms.judge(form, variables, {}, moment).findings if form else ()
        said = {one.pointer for one in found}
        raise Invalid([*found, *(one for one in refused.findings if one.pointer not in said)]) from None


def _answered(
    definition: Definition, variables: Variables, element: str | None, occurred_at: datetime | None
) -> Variables:
    """The variables with the start form's answers checked, at the moment things happened, when it has a form."""
    form = _start_form(definition, element)
    if form is None:
        return variables
    moment = feel.Moment(occurred_at or clock.now(), settings.current().zone_info)
    judgement = forms.judge(form, variables, {}, moment)
    if judgement.findings:
        raise Invalid(judgement.findings)
    return judgement.answers


def _start_form(definition: Definition, element: str | None) -> forms.Form | None:
    starts = [node for node in definition.model.starts() if element in (None, node.id) and node.form]
    return definition.forms[starts[0].form] if starts and starts[0].form is not None else None


def _once_key(definition: Definition, unit: Unit, variables: Variables) -> str | None:
    """What no two active cases of the process share; None: nothing is known that would tell."""
    once = definition.manifest.once
    if once is None:
        return None
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    seen = feel.localized(variables, moment.zone)  # as the case will have them
    known = {**seen, "unit": {"code": unit.code, "kind": unit.kind, "name": unit.name}}
    try:
        value = once.json(known, moment)
    except feel.FeelError:
        return None
    key = feel.as_text(value) or None
    return key if key is None or len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def _inserted(connection: Connection, unit: Unit, row: dict[str, Any]) -> InstanceId:
    """The row of a new instance; of several that begin at once with the same key one gets in, the others wait for it
    and are refused."""
    table = tables.instance
    is_other = text("state = 'active' and once_key is not null")
    for _ in range(3):  # the case in the way may end between the two questions
        instance_id = InstanceId(ids.issue(connection, unit.shard))
        insertion = insert(table).values(instance_id=instance_id, **row)
        if row["once_key"] is None:
            connection.execute(insertion)
            return instance_id
        insertion = insertion.on_conflict_do_nothing(
            index_elements=[table.c.process, table.c.once_key], index_where=is_other
        )
        added = connection.scalar(insertion.returning(table.c.instance_id))
        if added is not None:
            return instance_id
        case = connection.scalar(
            select(table.c.instance_id).where(
                table.c.process == row["process"],
                table.c.once_key == row["once_key"],
                table.c.state == "active",
            )
        )
        if case is not None:
            raise Conflict(CASE_OPEN, case=case)
    raise Conflict(CASE_OPEN, case=None)


def _may_see(connection: Connection, actor: Actor, row: Any) -> bool:
    """Those who oversee the unit, who may work on an open task of this case, or who have worked on one and still
    hold a role there: whoever completes the last task must still be able to print what it gave. Without an account:
    those whose case it is, if it is public."""
    instance_id, unit_path = row.instance_id, row.unit_path
    if actor.bearer is not None:
        is_public = registry.definition(connection, row.version_id).manifest.public is not None
        return is_public and actor.bearer.bears(instance_id, row.subject)
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
