"""Executes a process model: a pure function of model, state, command and moment.

`apply` reads no clock, no database and no file, and gives the same result for the same arguments; that is
what lets one engine serve live cases, owners' scenarios, rehearsals and simulations.
"""

from __future__ import annotations

from typing import assert_never

from engine import feel
from engine.bpmn.model import Kind, Node, ProcessModel, Trigger
from engine.errors import Conflict
from engine.runtime import boundaries, completion, elements, gateways, scopes
from engine.runtime.commands import Cancel, Command, Complete, Correlate, Fail, Fire, Raise, Retry, Start
from engine.runtime.outcomes import Decided, Event, Happened, Job, Outcome, Outgoing, Surroundings
from engine.runtime.state import Phase, State, Token, Variables, Wait, WaitKind, fresh, restore, store
from engine.runtime.step import Fault, Step

__all__ = [
    "Cancel", "Command", "Complete", "Correlate", "Decided", "Event", "Fail", "Fault", "Fire", "Happened", "Job",
    "Outcome", "Outgoing", "Phase", "Raise", "Retry", "Start", "State", "Surroundings", "Token", "Variables", "Wait",
    "WaitKind", "apply", "fresh", "restore", "store",
]  # fmt: skip


def apply(model: ProcessModel, state: State, command: Command, around: Surroundings) -> Outcome:
    """The state after a command, what happened, and what goes to other instances.

    Raises Conflict when the command's wait is no longer open (already done, cancelled or withdrawn): nothing
    changes then. Whatever fails in the model itself does not raise: it is an incident in the new state.
    Moments that come with the command are kept as the clock of the campaign's zone shows them.
    """
    step = Step(model, state.copy(), around, elements.enter)
    match command:
        case Start():
            _start(step, command)
        case Cancel():
            _require_alive(state)
            step.state.error = None
            step.end("cancelled")
        case Complete():
            token, wait = _waiting(step, command, WaitKind.USER_TASK, WaitKind.JOB, WaitKind.CALL)
            _complete(step, token, wait, _seen_here(step, command.outputs))
        case Fire():
            token, wait = _waiting(step, command, WaitKind.TIMER)
            _happen(step, token, wait, {})
        case Correlate():
            token, wait = _waiting(step, command, WaitKind.MESSAGE)
            _happen(step, token, wait, _seen_here(step, command.payload))
        case Raise():
            token, wait = _waiting(step, command, WaitKind.JOB, WaitKind.CALL)
            _raise(step, token, wait, command)
        case Fail():
            token, wait = _waiting(step, command, WaitKind.JOB, WaitKind.CALL)
            step.close(wait)
            step.open_incident(token, command.code, command.params)
        case Retry():
            token, wait = _waiting(step, command, WaitKind.INCIDENT)
            _retry(step, token, wait)
        case _:
            assert_never(command)
    _settle(step)
    return Outcome(step.state, tuple(step.events), tuple(step.outgoing), tuple(step.jobs))


def _seen_here(step: Step, given: Variables) -> Variables:
    """What comes into a case from outside, its moments on the clock of the campaign's zone (ADR 22)."""
    seen: Variables = feel.localized(given, step.around.moment.zone)
    return seen


def _settle(step: Step) -> None:
    """Run until everything left waits for something outside."""
    while step.state.ended is None:
        while step.agenda and step.state.ended is None:
            step.agenda.popleft()()
        if step.state.ended is not None:
            return
        if not (gateways.release_inclusive(step) or scopes.end_empty(step) or gateways.stop_hopeless(step)):
            return


def _start(step: Step, command: Start) -> None:
    if step.state.tokens or step.state.ended:
        raise Conflict("instance_started_already")
    starts = step.model.starts()
    if command.element is None:
        starts = tuple(start for start in starts if start.trigger is Trigger.NONE)
    else:
        starts = tuple(start for start in starts if start.id == command.element)
    if len(starts) != 1:
        raise Conflict("start_event_unclear", process=step.model.id)
    step.state.is_child = command.is_child
    step.write(0, _seen_here(step, command.variables))
    step.begin(starts[0], 0)


def _require_alive(state: State) -> None:
    if state.ended is not None:
        raise Conflict("instance_ended")


def _waiting(
    step: Step, command: Complete | Fire | Correlate | Raise | Fail | Retry, *kinds: WaitKind
) -> tuple[Token, Wait]:
    wait = step.wait(command.token, command.element)
    if wait is None or wait.kind not in kinds:
        raise Conflict("no_longer_waiting", element=command.element)
    return step.state.tokens[wait.token], wait


def _complete(step: Step, token: Token, wait: Wait, outputs: Variables) -> None:
    node = step.model.nodes[wait.element]
    step.close(wait)
    step.guarded(token, lambda token: completion.complete(step, token, node, outputs), outputs)


def _happen(step: Step, token: Token, wait: Wait, payload: Variables) -> None:
    """A timer or message has come: to the token's own element, its boundary, or behind its gateway."""
    node, element = step.model.nodes[token.node], step.model.nodes[wait.element]
    if element.kind is Kind.BOUNDARY:
        boundaries.catch(step, token, element, payload, wait)
    elif node.kind is Kind.EVENT_BASED:
        step.note(Happened.CAUGHT, element.id, token.id)
        step.note(Happened.COMPLETED, node.id, token.id, {"flows": _flows_to(step.model, node, element)})
        arrived = step.put(Token(step.new_id(), element.id, token.scope, Phase.WAITING))
        step.remove(token)
        step.guarded(arrived, lambda arrived: completion.complete(step, arrived, element, payload), payload)
    else:
        step.close(wait)
        step.guarded(token, lambda token: completion.complete(step, token, element, payload), payload)


def _flows_to(model: ProcessModel, gateway: Node, element: Node) -> tuple[str, ...]:
    return tuple(flow for flow in gateway.outgoing if model.flows[flow].target == element.id)


def _raise(step: Step, token: Token, wait: Wait, command: Raise) -> None:
    step.close(wait)
    step.note(Happened.THROWN, token.node, token.id, {"error": command.error_code})
    if boundaries.error(step, token, command.error_code, command.message):
        return
    if step.state.is_child:
        step.state.outcome, step.state.error = token.node, command.error_code
        step.end("completed")
        return
    step.open_incident(token, "error_not_caught", {"code": command.error_code, "message": command.message})


def _retry(step: Step, token: Token, wait: Wait) -> None:
    node = step.model.nodes[token.node]
    step.close(wait)
    step.note(Happened.RETRIED, node.id, token.id, {"code": wait.name})
    if token.phase is Phase.FAULT_COMPLETING:
        payload = token.payload or {}
        again = step.rest(token, Phase.WAITING)
        step.guarded(again, lambda token: completion.complete(step, token, node, payload), payload)
    elif token.phase is Phase.FAULT_ENTERING:
        step.guarded(step.rest(token, Phase.WAITING), step.enter)
    elif wait.name == "error_not_caught" and node.kind is Kind.CALL_ACTIVITY:
        step.guarded(step.renewed(token), lambda token: elements.again(step, token, node))
    else:
        step.guarded(token, lambda token: elements.again(step, token, node))
