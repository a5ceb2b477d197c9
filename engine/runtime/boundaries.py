"""Boundary events: they wait with the activity they are attached to, and interrupt it or run beside it."""

from __future__ import annotations

import msgspec

from engine.bpmn.model import Node, Trigger
from engine.runtime import events
from engine.runtime.outcomes import Happened
from engine.runtime.state import ROOT, Token, Variables, Wait
from engine.runtime.step import Step


def open_waits(step: Step, token: Token, node: Node) -> None:
    """Let the timers and messages on an activity's boundary wait along with it."""
    for boundary_id in node.boundaries:
        boundary = step.model.nodes[boundary_id]
        if boundary.trigger is Trigger.TIMER:
            events.await_timer(step, token, boundary)
        elif boundary.trigger is Trigger.MESSAGE:
            events.await_message(step, token, boundary)


def catch(step: Step, host: Token, boundary: Node, payload: Variables, wait: Wait | None) -> None:
    """A boundary event has happened: go its way, with the activity ended or untouched."""
    step.note(Happened.CAUGHT, boundary.id, host.id, {"interrupting": boundary.interrupting})
    if boundary.interrupting:
        step.remove(host, cancelled=True)
    elif wait is not None:
        _wait_again(step, wait)
    step.write(host.scope, payload)
    step.begin(boundary, host.scope)


def _wait_again(step: Step, wait: Wait) -> None:
    if wait.due_at is None:
        return  # a message may come again: its wait simply stays
    step.close(wait)
    following = events.next_in_cycle(wait.cycle, wait.due_at, step.around.moment, wait.element)
    if following:
        step.open(msgspec.structs.replace(wait, due_at=following[0], cycle=following[1]))


def error(step: Step, token: Token, code: str, message: str) -> bool:
    """Let the nearest boundary error event outward from a token catch an error; False if none does.

    Looks at the activity the token is in, then at each enclosing sub-process or multi-instance.
    """
    at: Token | None = token
    while at is not None:
        caught = _catching(step, step.model.nodes[at.node], code)
        host = _outermost(step, at)
        if caught is not None:
            variable = caught.error_variable
            catch(
                step, host, caught, {variable: {"code": code, "message": message}} if variable else {}, None
            )
            return True
        scope = step.state.scopes[host.scope]
        at = step.state.tokens.get(scope.host) if scope.host is not None and scope.id != ROOT else None
    return False


def _outermost(step: Step, token: Token) -> Token:
    """An iteration's error is caught on the boundary of the whole multi-instance."""
    scope = step.state.scopes[token.scope]
    while scope.index is not None and scope.host is not None and scope.node == token.node:
        token = step.state.tokens[scope.host]
        scope = step.state.scopes[token.scope]
    return token


def _catching(step: Step, node: Node, code: str) -> Node | None:
    """The boundary event for this code: an exact one before one that catches every error."""
    errors = [
        boundary
        for boundary in (step.model.nodes[boundary_id] for boundary_id in node.boundaries)
        if boundary.trigger is Trigger.ERROR and boundary.error_code in (code, None)
    ]
    return min(errors, key=lambda boundary: boundary.error_code is None, default=None)
