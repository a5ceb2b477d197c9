"""What waits for a person: the queue, claiming, and completing with answers.

A task belongs to a role at a unit; who holds the role there, or above, may claim and complete it. A claim
keeps others from working on the same person; completing without a claim is allowed and claims implicitly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, update

from engine import access, accounts, advance, clock, database, feel, forms, history, runtime, settings, tables
from engine.access import Actor, Permission
from engine.advance import Act, Locked
from engine.bpmn.model import Node
from engine.definitions import registry
from engine.definitions.definition import Definition
from engine.errors import Conflict, Finding, Invalid, NotAllowed, NotFound
from engine.forms import Form
from engine.ids import AccountId, InstanceId, TaskId, VersionId
from engine.runtime import Variables
from engine.units import Unit


@dataclass(frozen=True, slots=True)
class Task:
    """A person's task as a queue shows it."""

    id: TaskId
    element: str
    process: str
    version_id: VersionId
    lane: str | None
    role: str
    unit_id: int
    unit_path: str
    subject: str | None
    created_at: datetime
    due_at: datetime | None
    claimed_by: int | None
    claimed_at: datetime | None
    claimed_name: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A task with what its page needs: the form, the case's variables, a saved draft."""

    task: Task
    node: Node
    definition: Definition
    form: Form | None
    variables: Variables
    draft: Variables | None
    draft_revision: int


def queue(
    connection: Connection,
    actor: Actor,
    *,
    unit: Unit | None = None,
    process: str | None = None,
    lanes: Collection[str] | None = None,
    subject: str | None = None,
    instance_id: int | None = None,
    mine: bool = False,
    free: bool = False,
    limit: int = 100,
) -> list[Task]:
    """The open tasks the actor may work, longest waiting first; those claimed by others stay visible."""
    task, account = tables.user_task, tables.account
    query = (
        select(task, account.c.name)
        .outerjoin(account, account.c.account_id == task.c.claimed_by)
        .where(_workable(actor))
    )
    if unit is not None:
        query = query.where(task.c.unit_path.startswith(unit.path, autoescape=True))
    if process is not None:
        query = query.where(task.c.process == process)
    if lanes is not None:
        query = query.where(task.c.lane.in_(lanes))
    if subject is not None:
        query = query.where(task.c.subject == subject)
    if instance_id is not None:
        query = query.where(task.c.instance_id == instance_id)
    if mine:
        query = query.where(task.c.claimed_by == actor.account_id)
    if free:
        query = query.where(task.c.claimed_by.is_(None))
    rows = connection.execute(query.order_by(task.c.created_at, task.c.instance_id).limit(min(limit, 500)))
    return [_task(row) for row in rows]


def counts(connection: Connection, actor: Actor, unit: Unit) -> dict[tuple[str, str], tuple[int, int]]:
    """Open and late tasks per (process, lane) at a unit and below, of those the actor may work."""
    task = tables.user_task
    late = func.count().filter(task.c.due_at < clock.now())
    rows = connection.execute(
        select(task.c.process, task.c.lane, func.count(), late)
        .where(_workable(actor), task.c.unit_path.startswith(unit.path, autoescape=True))
        .group_by(task.c.process, task.c.lane)
    )
    return {(process, lane): (waiting, overdue) for process, lane, waiting, overdue in rows}


def borne(connection: Connection, instance_id: int, actor: Actor) -> list[Task]:
    """The open tasks of a case that somebody without an account may do, in the order in which they came."""
    table = tables.user_task
    tokens = connection.scalars(
        select(table.c.token)
        .where(table.c.instance_id == instance_id)
        .order_by(table.c.created_at, table.c.token)
    )
    found = [task(connection, TaskId(InstanceId(instance_id), token)) for token in tokens]
    return [one for one in found if _is_borne(connection, actor, one)]


def task(connection: Connection, task_id: TaskId) -> Task:
    """One open task. Conflict once it is done or withdrawn, NotFound for no such case."""
    waiting, account = tables.user_task, tables.account
    row = connection.execute(
        select(waiting, account.c.name)
        .outerjoin(account, account.c.account_id == waiting.c.claimed_by)
        .where(waiting.c.instance_id == task_id.instance, waiting.c.token == task_id.token)
    ).one_or_none()
    if row is not None:
        return _task(row)
    exists = connection.scalar(
        select(tables.instance.c.instance_id).where(tables.instance.c.instance_id == task_id.instance)
    )
    raise Conflict("task_done") if exists else NotFound("task_not_found")


def view(connection: Connection, task_id: TaskId, actor: Actor) -> View:
    """A task for its page; leaves an audit row when it is about somebody. NotFound once it is done."""
    found = task(connection, task_id)
    if actor.bearer is None:
        _require_reach(actor, found)
    elif not _is_borne(connection, actor, found):
        raise NotFound("task_not_found")
    if found.subject is not None:
        history.looked_up(connection, actor, "task", found.subject, instance_id=task_id.instance)
    body, version_id = connection.execute(
        select(tables.instance.c.body, tables.instance.c.version_id).where(
            tables.instance.c.instance_id == task_id.instance
        )
    ).one()
    definition = registry.definition(connection, version_id)
    state = runtime.restore(body)
    node = definition.model.nodes[found.element]
    saved = connection.execute(
        select(tables.draft).where(
            tables.draft.c.instance_id == task_id.instance, tables.draft.c.token == task_id.token
        )
    ).one_or_none()
    return View(
        found, node, definition, definition.forms[node.form] if node.form else None,
        _visible(state, task_id.token), saved.answers if saved else None, saved.revision if saved else 0,
    )  # fmt: skip


def claim(connection: Connection, task_id: TaskId, actor: Actor) -> None:
    """Take a task in hand. Claiming one's own again changes nothing; Conflict when another has it."""
    found = _locked_row(connection, task_id)
    access.require_role(actor, found.role, found.unit_path)
    if found.claimed_by == actor.account_id:
        return
    if found.claimed_by is not None:
        raise Conflict("task_claimed", name=found.claimed_name)
    _set_claim(connection, task_id, actor.account_id)
    history.append(connection, task_id.instance, actor, "user_task_claimed", found.element, task_id.token)


def take_over(connection: Connection, task_id: TaskId, actor: Actor) -> None:
    """Take a task out of somebody's hands when it cannot wait; whoever holds its role may, and history says so."""
    found = _locked_row(connection, task_id)
    access.require_role(actor, found.role, found.unit_path)
    if found.claimed_by in (None, actor.account_id):
        return
    _set_claim(connection, task_id, actor.account_id)
    details = {"from": found.claimed_by}
    history.append(
        connection, task_id.instance, actor, "user_task_taken_over", found.element, task_id.token, details
    )


def release(connection: Connection, task_id: TaskId, actor: Actor) -> None:
    """Give a task back to the queue: one's own, or anybody's with the permission to free cases."""
    found = _locked_row(connection, task_id)
    if found.claimed_by is None:
        return
    if found.claimed_by != actor.account_id:
        access.require(actor, Permission.FREE, found.unit_path)
    _set_claim(connection, task_id, None)
    history.append(connection, task_id.instance, actor, "user_task_released", found.element, task_id.token)


def hand_over(connection: Connection, task_id: TaskId, actor: Actor, to_account_id: int) -> None:
    """Give a task to somebody else: one's own, or anybody's with the permission to free cases.

    Only to somebody who holds its role there (Invalid); NotFound for a closed account.
    """
    found = _locked_row(connection, task_id)
    if found.claimed_by is None or found.claimed_by != actor.account_id:
        access.require(actor, Permission.FREE, found.unit_path)
    receiver = accounts.actor(connection, to_account_id)
    if not access.has_role(receiver, found.role, found.unit_path):
        params = {"name": receiver.name, "role": found.role}
        raise Invalid([Finding("hand_over_role", params, pointer="/to")])
    if found.claimed_by == receiver.account_id:
        return
    _set_claim(connection, task_id, receiver.account_id)
    details = {"to": str(receiver.account_id)}
    history.append(
        connection, task_id.instance, actor, "user_task_handed_over", found.element, task_id.token, details
    )


def in_hand(connection: Connection, account_ids: Iterable[int]) -> list[TaskId]:
    """The tasks that these people have claimed."""
    task = tables.user_task
    rows = connection.execute(
        select(task.c.instance_id, task.c.token).where(task.c.claimed_by.in_(tuple(account_ids)))
    )
    return [TaskId(InstanceId(row.instance_id), row.token) for row in rows]


def receivers(connection: Connection, found: Task) -> list[tuple[AccountId, str]]:
    """The accounts a task may be handed over to, with names: who holds its role there and does not have it now."""
    holders = accounts.names_holding(connection, found.role, found.unit_path)
    return [(account_id, name) for account_id, name in holders if account_id != found.claimed_by]


def complete(connection: Connection, task_id: TaskId, actor: Actor, answers: Variables) -> list[TaskId]:
    """Record a person's answers and let the process go on; gives the tasks this opened in the same case.

    Raises NotAllowed for another role or unit, Conflict when it is done already or in another's hands,
    Invalid with a finding per field when the answers break the form.
    """
    locked = advance.lock(connection, task_id.instance)
    task = _claim_of(connection, task_id)
    element, role, unit_path, claimed_by = task
    if actor.bearer is None:
        access.require_role(actor, role, unit_path)
    elif not _bears(actor, locked.definition, element, locked.instance_id, locked.subject):
        raise NotFound("task_not_found")
    if claimed_by is not None and claimed_by != actor.account_id and not actor.is_system:
        raise Conflict("task_claimed", name=_name(connection, claimed_by))
    outputs = _checked(locked, task_id, element, answers)
    command = runtime.Complete(task_id.token, element, outputs)
    before = {wait.token for wait in locked.state.waits}
    outcome = advance.step(
        connection,
        locked,
        command,
        actor,
        Act("user_task_completed", element, task_id.token, history.by(actor)),
    )
    return [
        TaskId(task_id.instance, wait.token)
        for wait in outcome.state.waits
        if wait.kind is runtime.WaitKind.USER_TASK and wait.token not in before
    ]


def _checked(locked: Locked, task_id: TaskId, element: str, answers: Variables) -> Variables:
    form_name = locked.definition.model.nodes[element].form
    if form_name is None:
        return answers
    form = locked.definition.forms[form_name]
    variables = _visible(locked.state, task_id.token)
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    judgement = forms.judge(form, answers, variables, moment)
    if judgement.findings:
        raise Invalid(judgement.findings)
    return judgement.answers


_CLAIM = """
select element, role, unit_path, claimed_by from user_task where instance_id = %s and token = %s
"""


def _claim_of(connection: Connection, task_id: TaskId) -> tuple[str, str, str, int | None]:
    row = database.driver(connection).execute(_CLAIM, (task_id.instance, task_id.token)).fetchone()
    if row is None:
        raise Conflict("task_done")
    element, role, unit_path, claimed_by = row
    return element, role, unit_path, claimed_by


def _visible(state: runtime.State, token_id: int) -> Variables:
    """The variables in scope for a token; none when it has moved on meanwhile."""
    token = state.tokens.get(token_id)
    return state.visible(token.scope) if token else {}


def _workable(actor: Actor) -> ColumnElement[bool]:
    """The tasks whose role the actor holds where they are."""
    task = tables.user_task
    if actor.is_system:
        return task.c.instance_id.is_not(None)
    clauses = [
        and_(task.c.role == grant.role, task.c.unit_path.startswith(grant.unit_path, autoescape=True))
        for grant in actor.grants
    ]
    return or_(*clauses) if clauses else false()


def _is_borne(connection: Connection, actor: Actor, task: Task) -> bool:
    """Whether a task is for somebody without an account to do; by the case, whose subject may be known by now."""
    subject, version_id = connection.execute(
        select(tables.instance.c.subject, tables.instance.c.version_id).where(
            tables.instance.c.instance_id == task.id.instance
        )
    ).one()
    return _bears(actor, registry.definition(connection, version_id), task.element, task.id.instance, subject)


def _bears(
    actor: Actor, definition: Definition, element: str, instance_id: InstanceId, subject: str | None
) -> bool:
    rule = definition.manifest.public
    is_listed = rule is not None and definition.model.nodes[element].lane in rule.lanes
    return is_listed and actor.bearer is not None and actor.bearer.bears(instance_id, subject)


def _require_reach(actor: Actor, task: Task) -> None:
    if access.has_role(actor, task.role, task.unit_path) or access.allowed(
        actor, Permission.FREE, task.unit_path
    ):
        return
    raise NotAllowed("role_missing", role=task.role)


def _locked_row(connection: Connection, task_id: TaskId) -> Task:
    """The task, its instance's row taken first: one lock order everywhere."""
    connection.execute(
        select(tables.instance.c.instance_id)
        .where(tables.instance.c.instance_id == task_id.instance)
        .with_for_update()
    )
    return task(connection, task_id)


def _set_claim(connection: Connection, task_id: TaskId, account_id: int | None) -> None:
    connection.execute(
        update(tables.user_task)
        .where(tables.user_task.c.instance_id == task_id.instance, tables.user_task.c.token == task_id.token)
        .values(claimed_by=account_id, claimed_at=clock.now() if account_id is not None else None)
    )


def _name(connection: Connection, account_id: int) -> str:
    name = connection.scalar(select(tables.account.c.name).where(tables.account.c.account_id == account_id))
    return name or str(account_id)


def _task(row: Any) -> Task:
    return Task(
        TaskId(InstanceId(row.instance_id), row.token), row.element, row.process, row.version_id, row.lane, row.role,
        row.unit_id, row.unit_path, row.subject, row.created_at, row.due_at, row.claimed_by, row.claimed_at, row.name,
    )  # fmt: skip
