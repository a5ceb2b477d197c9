"""What each element does when a token reaches it.

Entering an activity: a multi-instance is unfolded first (loops), then boundary events start to wait, then
the activity itself.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.bpmn.model import ACTIVITIES, Kind, Node, Trigger
from engine.runtime import boundaries, completion, events, gateways, loops, scopes
from engine.runtime.outcomes import Happened, Job, Outgoing
from engine.runtime.state import Token, Wait, WaitKind
from engine.runtime.step import Fault, Step


def enter(step: Step, token: Token, node: Node) -> None:
    """Let a token act at the node it has reached."""
    if node.kind not in ACTIVITIES:
        _PLAIN[node.kind](step, token, node)
        return
    iteration = loops.is_iteration(step, token)
    if not iteration:
        boundaries.open_waits(step, token, node)
    if node.loop and not iteration:
        host = loops.unfold(step, token, node, node.loop)
        if host is not None:
            completion.leave(step, host, node)
    else:
        _ACTIVITY[node.kind](step, token, node)


def again(step: Step, token: Token, node: Node) -> None:
    """Open once more what an activity waited for, its boundary events still waiting beside it."""
    _ACTIVITY[node.kind](step, token, node)


# --- activities -------------------------------------------------------------------------------------------


def _user_task(step: Step, token: Token, node: Node) -> None:
    step.open(Wait(WaitKind.USER_TASK, token.id, node.id))
    step.note(Happened.ENTERED, node.id, token.id)


def _service_task(step: Step, token: Token, node: Node) -> None:
    if node.service is None:
        raise Fault("service_missing", element=node.id)
    variables = step.visible(token.scope)
    inputs = step.assigned(node.inputs, variables, node.id) if node.inputs else {}
    step.open(Wait(WaitKind.JOB, token.id, node.id, name=node.service))
    step.jobs.append(Job(token.id, node.id, inputs))
    step.note(Happened.ENTERED, node.id, token.id)


def _send_task(step: Step, token: Token, node: Node) -> None:
    if node.service is not None:
        _service_task(step, token, node)
    else:
        events.throw_message(step, token, node)
        completion.leave(step, token, node)


def _receive_task(step: Step, token: Token, node: Node) -> None:
    events.await_message(step, token, node)
    step.note(Happened.ENTERED, node.id, token.id)


def _script_task(step: Step, token: Token, node: Node) -> None:
    if node.script is None:
        raise Fault("script_missing", element=node.id)
    value = step.value(node.script, step.visible(token.scope), node.id)
    if node.result:
        step.write(token.scope, {node.result: value})
    elif isinstance(value, dict):
        step.write(token.scope, value)
    else:
        raise Fault(
            "script_not_a_context", element=node.id, expression=node.script.text, found=str(value)[:200]
        )
    completion.leave(step, token, node)


def _rule_task(step: Step, token: Token, node: Node) -> None:
    if node.decision is None:
        raise Fault("decision_missing", element=node.id)
    variables = step.visible(token.scope)
    inputs = step.assigned(node.inputs, variables, node.id) if node.inputs else {}
    decided = step.around.decide(node.decision, {**variables, **inputs})
    step.note(
        Happened.DECIDED,
        node.id,
        token.id,
        {
            "decision": node.decision,
            "inputs": decided.inputs,
            "outcome": decided.value,
            "rules": decided.rules,
            "trace": decided.trace,
            "version_id": decided.version_id,
        },
    )
    if decided.value is None and not decided.rules:
        raise Fault("decision_without_outcome", element=node.id, decision=node.decision)
    outcome = {node.result or node.decision: decided.value}
    step.write(
        token.scope,
        step.assigned(node.outputs, {**variables, **outcome}, node.id) if node.outputs else outcome,
    )
    completion.leave(step, token, node)


def _manual_task(step: Step, token: Token, node: Node) -> None:
    completion.leave(step, token, node)  # BPMN: done by people without the engine's help; it only passes


def _sub_process(step: Step, token: Token, node: Node) -> None:
    scopes.open_inside(step, token, node)


def _call_activity(step: Step, token: Token, node: Node) -> None:
    if node.called is None:
        raise Fault("called_missing", element=node.id)
    inputs = step.assigned(node.inputs, step.visible(token.scope), node.id)
    step.open(Wait(WaitKind.CALL, token.id, node.id, name=node.called))
    step.outgoing.append(Outgoing("call", token.id, node.id, node.called, {"variables": inputs}))
    step.note(Happened.ENTERED, node.id, token.id)


_Behaviour = Callable[[Step, Token, Node], None]

_ACTIVITY: dict[Kind, _Behaviour] = {
    Kind.USER_TASK: _user_task,
    Kind.MANUAL_TASK: _manual_task,
    Kind.SERVICE_TASK: _service_task,
    Kind.SCRIPT_TASK: _script_task,
    Kind.RULE_TASK: _rule_task,
    Kind.SEND_TASK: _send_task,
    Kind.RECEIVE_TASK: _receive_task,
    Kind.SUB_PROCESS: _sub_process,
    Kind.CALL_ACTIVITY: _call_activity,
}


# --- events and gateways ----------------------------------------------------------------------------------


def _passing(step: Step, token: Token, node: Node) -> None:
    completion.leave(step, token, node)


def _catch(step: Step, token: Token, node: Node) -> None:
    match node.trigger:
        case Trigger.MESSAGE:
            events.await_message(step, token, node)
        case Trigger.TIMER:
            events.await_timer(step, token, node)
        case _:
            completion.leave(step, token, node)
            return
    step.note(Happened.ENTERED, node.id, token.id)


def _throw(step: Step, token: Token, node: Node) -> None:
    if node.trigger is Trigger.MESSAGE:
        events.throw_message(step, token, node)
    completion.leave(step, token, node)


_PLAIN: dict[Kind, _Behaviour] = {
    Kind.START: _passing,
    Kind.BOUNDARY: _passing,
    Kind.CATCH: _catch,
    Kind.THROW: _throw,
    Kind.END: scopes.reach_end,
    Kind.EXCLUSIVE: gateways.exclusive,
    Kind.PARALLEL: gateways.parallel,
    Kind.INCLUSIVE: gateways.inclusive,
    Kind.EVENT_BASED: gateways.event_based,
}

assert set(_PLAIN) | set(_ACTIVITY) == set(Kind), "every kind of element has exactly one behaviour"
