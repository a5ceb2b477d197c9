"""What goes from one instance to another: calls, their returns, cancellations and messages, as jobs.

Each runs in a transaction that locks at most the instance it is for; running one twice changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, text

from engine import access, advance, clock, instances, jobs, messages, runtime, tables, units
from engine.advance import Act
from engine.bpmn.model import Trigger
from engine.definitions import registry
from engine.errors import Conflict, Invalid, NotFound
from engine.ids import InstanceId
from engine.jobs import Job

CALL, RETURN, CANCEL, MESSAGE = "call", "return", "cancel", "message"

_LOCK_CALL = text(
    "select child_id from call where instance_id = :instance_id and token = :token and element = :element for update"
)
_SET_CHILD = text(
    """
    update call set child_id = :child
    where instance_id = :instance_id and token = :token and element = :element
    """
)
_CALL_ELEMENT = text("select element from call where instance_id = :instance_id and token = :token")
_PENDING_CALL = text(
    "delete from job where instance_id = :instance_id and token = :token and element = :element and kind = 'call'"
)


def deliver(connection: Connection, job: Job) -> bool:
    """Carry out one outbox job; False when there may be more of it to do at once."""
    match job.kind:
        case "call":
            _start_called(connection, job)
        case "return":
            _return(connection, job)
        case "cancel":
            _cancel(connection, job)
        case "message":
            return _message(connection, job)
    jobs.drop(connection, job)
    return True


def _start_called(connection: Connection, job: Job) -> None:
    """Start the called process; the row of the call is held, so that a cancellation waits for the child."""
    key = _key(job)
    caller = connection.execute(
        select(tables.instance.c.unit_id, tables.instance.c.unit_path).where(
            tables.instance.c.instance_id == job.instance_id
        )
    ).one()
    try:
        version_id = registry.in_force(connection, job.name, caller.unit_path, clock.now())
        definition = registry.definition(connection, version_id)
    except (NotFound, Invalid):
        _fail_call(connection, job, "called_process_unknown")
        return
    if sum(start.trigger is Trigger.NONE for start in definition.model.starts()) != 1:
        _fail_call(connection, job, "called_process_without_start")
        return
    unit = units.by_id(connection, caller.unit_id)
    try:
        with connection.begin_nested():  # undone, it holds the row of the call no longer
            call = connection.execute(_LOCK_CALL, key).one_or_none()
            if call is None or call.child_id is not None:
                return
            variables = job.inputs.get("variables") or {}
            child = instances.begin(
                connection, definition, unit, variables, access.SYSTEM, parent=(job.instance_id, job.token)
            )
            connection.execute(_SET_CHILD, {**key, "child": child})
    except Conflict as refused:
        if refused.code != instances.CASE_OPEN:
            raise
        _refuse_call(connection, job)


def _refuse_call(connection: Connection, job: Job) -> None:
    """There is an open case already: a BPMN error of the caller, unless it does not wait any more."""
    locked = advance.lock(connection, job.instance_id)
    command = runtime.Raise(job.token, job.element, instances.CASE_OPEN.upper())
    try:
        advance.step(connection, locked, command, access.SYSTEM, Act("call_refused", job.element, job.token))
    except Conflict:
        return


def _fail_call(connection: Connection, job: Job, code: str) -> None:
    """The call cannot begin: an incident of the caller, unless it does not wait any more."""
    locked = advance.lock(connection, job.instance_id)
    command = runtime.Fail(job.token, job.element, code, {"process": job.name})
    try:
        advance.step(connection, locked, command, access.SYSTEM, Act("call_failed", job.element, job.token))
    except Conflict:
        return


def _return(connection: Connection, job: Job) -> None:
    """Tell the calling instance how the called one ended."""
    parent_id, token = int(job.inputs["parent_id"]), int(job.inputs["parent_token"])
    element = connection.scalar(_CALL_ELEMENT, {"instance_id": parent_id, "token": token})
    if element is None:
        return  # the caller does not wait any more
    locked = advance.lock(connection, parent_id)
    error = job.inputs.get("error")
    command: runtime.Command
    if error is None:
        command = runtime.Complete(token, element, job.inputs.get("variables") or {})
    else:
        command = runtime.Raise(token, element, error)
    details = {"child_id": str(job.instance_id)}
    try:
        advance.step(
            connection, locked, command, access.SYSTEM, Act("call_returned", element, token, details)
        )
    except Conflict:
        return


def _cancel(connection: Connection, job: Job) -> None:
    """End the called instance whose caller does not wait any more."""
    connection.execute(_PENDING_CALL, _key(job))
    child = connection.scalar(
        select(tables.instance.c.instance_id).where(
            tables.instance.c.parent_id == job.instance_id,
            tables.instance.c.parent_token == job.token,
            tables.instance.c.state == "active",
        )
    )
    if child is None:
        return
    locked = advance.lock(connection, InstanceId(child))
    if locked.state.ended is None:
        advance.step(connection, locked, runtime.Cancel("caller"), access.SYSTEM, Act("instance_cancelled"))


def _message(connection: Connection, job: Job) -> bool:
    delay = messages.deliver_next(connection, job)
    if delay is None:
        jobs.drop(connection, job)
        return True
    if delay > timedelta():
        jobs.postpone(connection, job, delay, "nobody waits for this message yet")
        return True
    return False


def _key(job: Job) -> dict[str, Any]:
    return {"instance_id": job.instance_id, "token": job.token, "element": job.element}
