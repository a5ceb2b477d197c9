"""The heart: lock the instance, apply the command, store, make the wait rows say so; one transaction.

Lock order everywhere: the instance first, then its waits. No transaction locks two instances; what goes to
another one leaves as a job. A failure of the process model raises nothing here: it is an incident in the
state. Service tasks of mode `transaction` run inside the step, each in a savepoint: exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import Connection

from engine import access, catalogue, clock, database, decisions, feel, runtime, settings, units, waits
from engine.access import Actor
from engine.definitions import registry
from engine.definitions.definition import Decision, Definition
from engine.errors import BusinessError, Conflict, EngineError, NotFound, ServiceTaskFailed, told
from engine.ids import InstanceId, VersionId
from engine.runtime import Command, Decided, Fault, Job, Outcome, State, Surroundings, Variables, WaitKind

MOST_TRANSACTION_TASKS = 200  # in one step; more is a loop of service tasks without a wait


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, as history names it."""

    event: str
    element: str | None = None
    token: int | None = None
    details: dict[str, Any] | None = None


@dataclass(slots=True)
class Locked:
    """An instance whose row this transaction holds."""

    instance_id: InstanceId
    version_id: VersionId
    process: str
    unit_id: int
    unit_path: str
    subject: str | None
    parent_id: int | None
    parent_token: int | None
    revision: int
    state: State
    definition: Definition


_LOCK = """
select instance_id, version_id, process, unit_id, unit_path, subject, parent_id, parent_token, revision, body
from instance where instance_id = %s for update
"""
_STORE = "select store_step(%s, %s, %s, %s, %s, %s, %s::jsonb)"


def lock(connection: Connection, instance_id: int) -> Locked:
    """Take the instance's row for this transaction; NotFound if there is none."""
    row = database.driver(connection).execute(_LOCK, (instance_id,), binary=True).fetchone()
    if row is None:
        raise NotFound("instance_not_found")
    *known, body = row
    found: tuple[Any, ...] = (*known, runtime.restore(body), registry.definition(connection, known[1]))
    return Locked(*found)


def begin(
    connection: Connection,
    locked: Locked,
    variables: Variables,
    actor: Actor,
    act: Act,
    element: str | None,
    occurred_at: datetime | None = None,
) -> Outcome:
    """The first step of an instance whose row was inserted in this transaction."""
    command = runtime.Start(variables, element, locked.parent_id is not None)
    return step(connection, locked, command, actor, act, occurred_at)


def step(
    connection: Connection,
    locked: Locked,
    command: Command,
    actor: Actor,
    act: Act,
    occurred_at: datetime | None = None,
) -> Outcome:
    """Apply one command to a locked instance and store what follows from it.

    What happened earlier than now runs as of `occurred_at`: expressions, decisions, records and service tasks
    of this step have that moment, while history and all that is waited for count from now.
    Raises Conflict when the wait the command names is no longer open.
    """
    now = clock.now()
    moment = feel.Moment(occurred_at or now, settings.current().zone_info)
    around = Surroundings(moment, _decider(connection, locked, moment))
    outcome = runtime.apply(locked.definition.model, locked.state, command, around)
    outcome = _with_transaction_tasks(connection, locked, outcome, around)
    _store(connection, locked, outcome, actor, act, moment, now)
    locked.state, locked.revision = outcome.state, locked.revision + 1
    return outcome


def _store(
    connection: Connection,
    locked: Locked,
    outcome: Outcome,
    actor: Actor,
    act: Act,
    moment: feel.Moment,
    now: datetime,
) -> None:
    definition, state, seq = locked.definition, outcome.state, locked.revision + 1
    places = _places(connection, locked, state, moment)
    changes = waits.changed(definition, locked.state, outcome, now, places)
    sent = waits.outbox(outcome.outgoing)
    if state.ended and locked.parent_id is not None:
        sent.append(_return(locked, state))
    if sent:
        changes.setdefault("opened_job", []).extend(sent)
    changes |= waits.expectations(definition, outcome.events, now)
    decided = waits.decisions(definition, outcome.events, seq)
    if decided:
        changes["decisions"] = decided
    recorded = waits.records(definition, outcome.events, seq, moment)
    if recorded:
        changes["records"] = recorded
    occurred = {} if moment.now == now else {"occurred_at": moment.now.isoformat()}
    changes |= {
        **occurred, **_subject_known(locked, state),
        "event": act.event, "element": act.element, "token": act.token, "actor_id": actor.account_id,
        "details": {"steps": waits.story(outcome.events), **occurred, **(act.details or {})},
    }  # fmt: skip
    arguments = (
        locked.instance_id, locked.revision, runtime.store(state), state.ended or "active", state.outcome, now,
        waits.for_jsonb(changes),
    )  # fmt: skip
    try:
        database.driver(connection).execute(_STORE, arguments)
    except psycopg.errors.DatabaseError as error:
        if error.sqlstate == "TC409":
            raise Conflict("instance_moved_on") from error
        raise


def _subject_known(locked: Locked, state: State) -> waits.Changes:
    """Whom the case is about may come to be known on the way: everything from then on carries it."""
    rule = locked.definition.manifest.subject
    if locked.subject is not None or rule is None:
        return {}
    locked.subject = feel.as_text(state.variables.get(rule.variable)) or None
    return {} if locked.subject is None else {"subject": locked.subject}


def _return(locked: Locked, state: State) -> waits.Row:
    """The job that tells the calling instance how this one ended."""
    inputs: dict[str, Any] = {"parent_id": str(locked.parent_id), "parent_token": locked.parent_token}
    if state.error is not None:
        inputs["error"] = state.error
    elif state.ended == "completed":
        inputs["variables"] = state.variables
    else:
        inputs["error"] = "CANCELLED"
    return {
        "token": 0,
        "element": state.outcome or "",
        "kind": "return",
        "name": locked.process,
        "inputs": inputs,
    }


def _places(
    connection: Connection, locked: Locked, state: State, moment: feel.Moment
) -> dict[int, waits.TaskPlace]:
    """Who works each person's task that is new: role of its lane, unit of the lane or of the case."""
    known = {wait.token for wait in locked.state.waits if wait.kind is WaitKind.USER_TASK}
    places: dict[int, waits.TaskPlace] = {}
    lanes = locked.definition.manifest.lanes
    for wait in state.waits:
        if wait.kind is not WaitKind.USER_TASK or wait.token in known:
            continue
        key = locked.definition.model.nodes[wait.element].lane or next(iter(lanes), None)
        lane = lanes[key] if key is not None else None
        if lane is None:
            places[wait.token] = waits.TaskPlace(None, "")
        elif lane.unit is None:
            places[wait.token] = waits.TaskPlace(key, lane.role)
        else:
            variables = state.visible(state.tokens[wait.token].scope)
            unit = _unit(connection, lane.unit.json(variables, moment))
            where = (unit.id, unit.path) if unit is not None else (None, None)
            places[wait.token] = waits.TaskPlace(key, lane.role, *where)
    return places


def _unit(connection: Connection, code: object) -> units.Unit | None:
    """The unit a lane names; an unknown one leaves the task with the case's unit rather than with nobody."""
    try:
        return units.by_code(connection, str(code))
    except NotFound:
        return None


def _decider(
    connection: Connection, locked: Locked, moment: feel.Moment
) -> Callable[[str, Variables], Decided]:
    def decide(key: str, variables: Variables) -> Decided:
        definition = locked.definition
        used = definition.decisions.get(key)
        if used is None:
            raise Fault("decision_unknown", decision=key)
        latest = _latest(connection, locked, moment) if used.is_latest else None
        if latest is not None and key in latest.decisions:
            definition, used = latest, latest.decisions[key]
        return evaluated(definition, used, variables, moment)

    return decide


def _latest(connection: Connection, locked: Locked, moment: feel.Moment) -> Definition | None:
    """The version in force at the case's unit now; None when nothing is, and the case keeps to its own."""
    try:
        version_id = registry.in_force(connection, locked.process, locked.unit_path, moment.now)
    except NotFound:
        return None
    return registry.definition(connection, version_id)


def evaluated(definition: Definition, used: Decision, variables: Variables, moment: feel.Moment) -> Decided:
    """A decision of a definition, as the runtime takes it."""
    with used.deciding():
        outcome = decisions.evaluate(used.model, used.id, variables, moment)
        kept = decisions.compact(used.model, outcome)
    # a table's inputs are its columns; other logic is known by the variables it and all it requires read
    inputs = outcome.inputs or {name: variables.get(name) for name in sorted(used.model.variables(used.id))}
    return Decided(outcome.value, inputs, outcome.matched, kept, outcome.hit_policy, definition.version_id)


# --- service tasks inside the step's transaction ----------------------------------------------------------


def _with_transaction_tasks(
    connection: Connection, locked: Locked, outcome: Outcome, around: Surroundings
) -> Outcome:
    """Run what may run inside this transaction, until nothing but waits for the outside is left."""
    tasks = catalogue.current().service_tasks
    for run in range(MOST_TRANSACTION_TASKS + 1):
        ready = next((job for job in outcome.jobs if _is_due(outcome.state, job, tasks, locked)), None)
        if ready is None:
            return outcome
        if run == MOST_TRANSACTION_TASKS:
            params = {"element": ready.element, "moves": run}
            command: Command = runtime.Fail(ready.token, ready.element, "endless_loop", params)
        else:
            command = _call(connection, locked, ready, around.moment.now)
        following = runtime.apply(locked.definition.model, outcome.state, command, around)
        outcome = Outcome(
            following.state,
            outcome.events + following.events,
            outcome.outgoing + following.outgoing,
            tuple(job for job in outcome.jobs if job is not ready) + following.jobs,
        )
    return outcome


def serve(connection: Connection, instance_id: int, job: Job) -> None:
    """Do a job left over from a step inside the transaction after all; Conflict when it is no longer awaited."""
    locked = lock(connection, instance_id)
    if not any(wait.token == job.token and wait.kind is WaitKind.JOB for wait in locked.state.waits):
        raise Conflict("no_longer_waiting", element=job.element)
    command = _call(connection, locked, job, clock.now())
    ended = {runtime.Complete: "job_completed", runtime.Raise: "job_refused"}.get(type(command), "job_failed")
    step(connection, locked, command, access.SYSTEM, Act(ended, job.element, job.token))


def _is_due(state: State, job: Job, tasks: Mapping[str, catalogue.ServiceTask], locked: Locked) -> bool:
    """Whether a job is still awaited and may run inside this transaction."""
    task = tasks.get(locked.definition.model.nodes[job.element].service or "")
    if task is None or task.mode is not catalogue.Mode.TRANSACTION:
        return False
    return any(wait.token == job.token and wait.kind is WaitKind.JOB for wait in state.waits)


def _call(connection: Connection, locked: Locked, job: Job, now: datetime) -> Command:
    """Run one service task in a savepoint and turn its end into a command."""
    name = locked.definition.model.nodes[job.element].service or ""
    task = catalogue.current().service_task(name)
    unit = units.by_id(connection, locked.unit_id)
    context = catalogue.Context(
        f"{locked.instance_id}-{job.token}-{job.element}",
        now,
        connection,
        access.SYSTEM,
        unit,
        settings.current(),
        locked.instance_id,
    )
    try:
        with connection.begin_nested():
            return runtime.Complete(job.token, job.element, task.call(job.inputs, context))
    except BusinessError as refusal:
        return runtime.Raise(job.token, job.element, refusal.code, refusal.message)
    except (ServiceTaskFailed, EngineError) as failure:
        return runtime.Fail(job.token, job.element, "service_task_failed", {"name": name, **told(failure)})
